#include "tests/kit/kit.h"
int main(void){return 0;}
