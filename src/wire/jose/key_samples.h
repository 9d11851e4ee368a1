/* key_samples - keys for tests, made with OpenSSL 3.0 for this purpose only: each pair in the forms
 * in which owners keep them, and what is refused. Not in the library. */
#ifndef USHER_WIRE_JOSE_KEY_SAMPLES_H
#define USHER_WIRE_JOSE_KEY_SAMPLES_H

#define KEY_RSA_PKCS8                                                                              \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIIEvwIBADANBgkqhkiG9w0BAQEFAASCBKkwggSlAgEAAoIBAQDpSZXvwxVSS/PO\n"                           \
    "nwQ81F564lskelpm+yuW/Izc/w8StEwS/1MqQ6BQMGfmWqGbATAcSLl+YmzrmWg1\n"                           \
    "dRgUf0yYSL7Ypfo/FoqUGRvtj0QiQQ7ealw1c6LDIN7hajM0dp4BQuTrjZLLk2ui\n"                           \
    "ZppwCtZTGcLtV9EFdyeMP7O9MzJCs+WcbdRAL7uBpAqjJB8p48AQD8nlrpLJhVgd\n"                           \
    "01qUIbTkBAaWN2vsQE3Sf5fFe3MWnoW5ZMUIyQUzpKn283BnRT+dKcMgfQo8Xa6U\n"                           \
    "4agNUUJle7wiQkpBKE6r2tUWvDgZo9tU+UAmj548bPpy+Haz9Mr3WMitgtSLHuj2\n"                           \
    "qUgoX07VAgMBAAECggEAVGNdDJU6MkHtWPHm24ZLAxK8u45TA2uaUgzbe9n7/t0f\n"                           \
    "o8OetuwtorRP8WEZknO0jpa0GwbJtdQRgTzxUADYmUG/X6lyw72ItZf7pUys7eMw\n"                           \
    "2L4Kyv8ggotydIIxMaoy7+vd2WOmFWQnjGCnPx58dyUbgTXCE8MNmEs23psVdFDk\n"                           \
    "UB3TeLekgOvUrG3Jp584bOU6I876dlr6iFI7vmXB7XPXVnvlKZRAa1AkP4H1+ocH\n"                           \
    "U6eZeWbl01Ut8AYC4q/so85F7cN5x1a0r1xCZyP3t0ZnjogPYfNdnTbKnczXPjT+\n"                           \
    "PuQAtc82gR4NO8JGNkTfU/Gqg36f3U60IUsuc4ZVJQKBgQD2S/JqQEWkk2uKmlnp\n"                           \
    "5UaH+dPsiFFhSEHeROOpXcSBxG4rHXNJn4DoKVFhd/pWQ4l1LIAAVeryG8aGUgNr\n"                           \
    "asmO5Tvi2EnKgrPH60Re511wQFDlsPeE/8UtJX5O4snIujT5VOBTI6i7fjeqHOai\n"                           \
    "dS74JjDanM15rGI8Qv4Yumv4fwKBgQDyem7IxbALlgaYBpqFYK5Hu41DboWF2TDk\n"                           \
    "mR6ktjD3Lbvhjv9r6zjQwRfXpZtm1QlnYm9KQ+twz5fkX6pvWAuyD3Z4G8gW7jb4\n"                           \
    "7A7jdFh0IX6aeqtXqU3MPitI78guGGirNcYmGuLdg1FrI99sCKkalfgvUaCjum/n\n"                           \
    "QxoOY6auqwKBgQCkend7CUz46RIqT4W4M0r0x5wFG8vtAYorWyoGEv6GAp3n4RT6\n"                           \
    "l7BIWj9krfDZ5uRHAd7BWp85696aGO77rybHbMKfbP1qZfqVicHw9uVpbyoXGiVS\n"                           \
    "BlSxH5bIK5/BksiJsWrVWrz16QZXblF/MG6bfTWm6Iw3sy0vPTXfYa91FQKBgQCb\n"                           \
    "yWGICMr0hq0x23xHmTgfyjYWTtnmhwZMuLvhY1TOWknNv0wHkBbuuECTQkk3pkPm\n"                           \
    "cm3CLyUDU7zo8zXTV6QcAKdCv8asRNx4zWE7bbKu2h43Lf0L0zCyunag472fL/t/\n"                           \
    "lIr8TGXZn9cdmOygwmezNws/i5hD2TKwSIJjIE8lBQKBgQDgdi8Jrfpd8o6KdEQ+\n"                           \
    "JukLIRTkRGTSmM/CBoJeGxQ+xESDNt5JkGXH+yC+5PFzhEtfSCUkv/m4OU9dmouq\n"                           \
    "IECOyG8Zy4ilx4lKobTgivJA/kLqthH3VZiBRyemn8b95AXdik66QLY728+tNM1+\n"                           \
    "Ic5e86Z7e7zwwxiHOoef5WSOyg==\n"                                                               \
    "-----END PRIVATE KEY-----\n"
#define KEY_RSA_PKCS1                                                                              \
    "-----BEGIN RSA PRIVATE KEY-----\n"                                                            \
    "MIIEpQIBAAKCAQEA6UmV78MVUkvzzp8EPNReeuJbJHpaZvsrlvyM3P8PErRMEv9T\n"                           \
    "KkOgUDBn5lqhmwEwHEi5fmJs65loNXUYFH9MmEi+2KX6PxaKlBkb7Y9EIkEO3mpc\n"                           \
    "NXOiwyDe4WozNHaeAULk642Sy5NromaacArWUxnC7VfRBXcnjD+zvTMyQrPlnG3U\n"                           \
    "QC+7gaQKoyQfKePAEA/J5a6SyYVYHdNalCG05AQGljdr7EBN0n+XxXtzFp6FuWTF\n"                           \
    "CMkFM6Sp9vNwZ0U/nSnDIH0KPF2ulOGoDVFCZXu8IkJKQShOq9rVFrw4GaPbVPlA\n"                           \
    "Jo+ePGz6cvh2s/TK91jIrYLUix7o9qlIKF9O1QIDAQABAoIBAFRjXQyVOjJB7Vjx\n"                           \
    "5tuGSwMSvLuOUwNrmlIM23vZ+/7dH6PDnrbsLaK0T/FhGZJztI6WtBsGybXUEYE8\n"                           \
    "8VAA2JlBv1+pcsO9iLWX+6VMrO3jMNi+Csr/IIKLcnSCMTGqMu/r3dljphVkJ4xg\n"                           \
    "pz8efHclG4E1whPDDZhLNt6bFXRQ5FAd03i3pIDr1KxtyaefOGzlOiPO+nZa+ohS\n"                           \
    "O75lwe1z11Z75SmUQGtQJD+B9fqHB1OnmXlm5dNVLfAGAuKv7KPORe3DecdWtK9c\n"                           \
    "Qmcj97dGZ46ID2HzXZ02yp3M1z40/j7kALXPNoEeDTvCRjZE31PxqoN+n91OtCFL\n"                           \
    "LnOGVSUCgYEA9kvyakBFpJNrippZ6eVGh/nT7IhRYUhB3kTjqV3EgcRuKx1zSZ+A\n"                           \
    "6ClRYXf6VkOJdSyAAFXq8hvGhlIDa2rJjuU74thJyoKzx+tEXuddcEBQ5bD3hP/F\n"                           \
    "LSV+TuLJyLo0+VTgUyOou343qhzmonUu+CYw2pzNeaxiPEL+GLpr+H8CgYEA8npu\n"                           \
    "yMWwC5YGmAaahWCuR7uNQ26Fhdkw5JkepLYw9y274Y7/a+s40MEX16WbZtUJZ2Jv\n"                           \
    "SkPrcM+X5F+qb1gLsg92eBvIFu42+OwO43RYdCF+mnqrV6lNzD4rSO/ILhhoqzXG\n"                           \
    "Jhri3YNRayPfbAipGpX4L1Ggo7pv50MaDmOmrqsCgYEApHp3ewlM+OkSKk+FuDNK\n"                           \
    "9MecBRvL7QGKK1sqBhL+hgKd5+EU+pewSFo/ZK3w2ebkRwHewVqfOevemhju+68m\n"                           \
    "x2zCn2z9amX6lYnB8PblaW8qFxolUgZUsR+WyCufwZLIibFq1Vq89ekGV25RfzBu\n"                           \
    "m301puiMN7MtLz0132GvdRUCgYEAm8lhiAjK9IatMdt8R5k4H8o2Fk7Z5ocGTLi7\n"                           \
    "4WNUzlpJzb9MB5AW7rhAk0JJN6ZD5nJtwi8lA1O86PM101ekHACnQr/GrETceM1h\n"                           \
    "O22yrtoeNy39C9Mwsrp2oOO9ny/7f5SK/Exl2Z/XHZjsoMJnszcLP4uYQ9kysEiC\n"                           \
    "YyBPJQUCgYEA4HYvCa36XfKOinREPibpCyEU5ERk0pjPwgaCXhsUPsREgzbeSZBl\n"                           \
    "x/sgvuTxc4RLX0glJL/5uDlPXZqLqiBAjshvGcuIpceJSqG04IryQP5C6rYR91WY\n"                           \
    "gUcnpp/G/eQF3YpOukC2O9vPrTTNfiHOXvOme3u88MMYhzqHn+Vkjso=\n"                                   \
    "-----END RSA PRIVATE KEY-----\n"
#define KEY_RSA_PUBLIC                                                                             \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA6UmV78MVUkvzzp8EPNRe\n"                           \
    "euJbJHpaZvsrlvyM3P8PErRMEv9TKkOgUDBn5lqhmwEwHEi5fmJs65loNXUYFH9M\n"                           \
    "mEi+2KX6PxaKlBkb7Y9EIkEO3mpcNXOiwyDe4WozNHaeAULk642Sy5NromaacArW\n"                           \
    "UxnC7VfRBXcnjD+zvTMyQrPlnG3UQC+7gaQKoyQfKePAEA/J5a6SyYVYHdNalCG0\n"                           \
    "5AQGljdr7EBN0n+XxXtzFp6FuWTFCMkFM6Sp9vNwZ0U/nSnDIH0KPF2ulOGoDVFC\n"                           \
    "ZXu8IkJKQShOq9rVFrw4GaPbVPlAJo+ePGz6cvh2s/TK91jIrYLUix7o9qlIKF9O\n"                           \
    "1QIDAQAB\n"                                                                                   \
    "-----END PUBLIC KEY-----\n"
#define KEY_RSA_PUBLIC_PKCS1                                                                       \
    "-----BEGIN RSA PUBLIC KEY-----\n"                                                             \
    "MIIBCgKCAQEA6UmV78MVUkvzzp8EPNReeuJbJHpaZvsrlvyM3P8PErRMEv9TKkOg\n"                           \
    "UDBn5lqhmwEwHEi5fmJs65loNXUYFH9MmEi+2KX6PxaKlBkb7Y9EIkEO3mpcNXOi\n"                           \
    "wyDe4WozNHaeAULk642Sy5NromaacArWUxnC7VfRBXcnjD+zvTMyQrPlnG3UQC+7\n"                           \
    "gaQKoyQfKePAEA/J5a6SyYVYHdNalCG05AQGljdr7EBN0n+XxXtzFp6FuWTFCMkF\n"                           \
    "M6Sp9vNwZ0U/nSnDIH0KPF2ulOGoDVFCZXu8IkJKQShOq9rVFrw4GaPbVPlAJo+e\n"                           \
    "PGz6cvh2s/TK91jIrYLUix7o9qlIKF9O1QIDAQAB\n"                                                   \
    "-----END RSA PUBLIC KEY-----\n"
#define KEY_EC_PARAMS_SEC1                                                                         \
    "-----BEGIN EC PARAMETERS-----\n"                                                              \
    "BggqhkjOPQMBBw==\n"                                                                           \
    "-----END EC PARAMETERS-----\n"                                                                \
    "-----BEGIN EC PRIVATE KEY-----\n"                                                             \
    "MHcCAQEEILHzQKJTY1YzO68PP6TLVTlYohhkWdqe83GJ1FTevwZvoAoGCCqGSM49\n"                           \
    "AwEHoUQDQgAEPss0mmFylWviIT4LIo8n0vVGXgQt26Uc7rz/o6mlBv/8u8Rz2jlE\n"                           \
    "L/yofZ2UclkzazgNoPv9aR1jLhb8kcxFdQ==\n"                                                       \
    "-----END EC PRIVATE KEY-----\n"
#define KEY_EC_SEC1                                                                                \
    "-----BEGIN EC PRIVATE KEY-----\n"                                                             \
    "MHcCAQEEILHzQKJTY1YzO68PP6TLVTlYohhkWdqe83GJ1FTevwZvoAoGCCqGSM49\n"                           \
    "AwEHoUQDQgAEPss0mmFylWviIT4LIo8n0vVGXgQt26Uc7rz/o6mlBv/8u8Rz2jlE\n"                           \
    "L/yofZ2UclkzazgNoPv9aR1jLhb8kcxFdQ==\n"                                                       \
    "-----END EC PRIVATE KEY-----\n"
#define KEY_EC_PKCS8                                                                               \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsfNAolNjVjM7rw8/\n"                           \
    "pMtVOViiGGRZ2p7zcYnUVN6/Bm+hRANCAAQ+yzSaYXKVa+IhPgsijyfS9UZeBC3b\n"                           \
    "pRzuvP+jqaUG//y7xHPaOUQv/Kh9nZRyWTNrOA2g+/1pHWMuFvyRzEV1\n"                                   \
    "-----END PRIVATE KEY-----\n"
#define KEY_EC_PUBLIC                                                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPss0mmFylWviIT4LIo8n0vVGXgQt\n"                           \
    "26Uc7rz/o6mlBv/8u8Rz2jlEL/yofZ2UclkzazgNoPv9aR1jLhb8kcxFdQ==\n"                               \
    "-----END PUBLIC KEY-----\n"
#define KEY_ED_PKCS8                                                                               \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VwBCIEIFJaAbhDsgtxTvrtwDy74fG5Fo1Mohh8Tlp0IgH8FHqD\n"                           \
    "-----END PRIVATE KEY-----\n"
#define KEY_ED_PUBLIC                                                                              \
    "-----BEGIN PUBLIC KEY-----\n"                                                                 \
    "MCowBQYDK2VwAyEAnhNZHqiSwNjP8PJlacE1tuc77AUCiZMMknsQUG1azGI=\n"                               \
    "-----END PUBLIC KEY-----\n"
#define KEY_ED_OTHER                                                                               \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VwBCIEIHZqi9akdIzbtJlg1AvzGkFfcLeQ+2zYYta6WIpe4U31\n"                           \
    "-----END PRIVATE KEY-----\n"
#define KEY_ED_ENCRYPTED                                                                           \
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"                                                      \
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiWwcQ33jJz0gICCAAw\n"                           \
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEELCi8y4cnX0aXK3U2OHjoMgEQBLw\n"                           \
    "N6MgTezBIPF4WR2e0gMFS7gjYgl4MPlY1gZ0FJqxrCG+qI+jO2jbq0aVFJBavFsd\n"                           \
    "DG4nHzaLTfOdVZRRpMo=\n"                                                                       \
    "-----END ENCRYPTED PRIVATE KEY-----\n"
#define KEY_RSA_1024                                                                               \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAK/wtNAGRATIrQYu\n"                           \
    "qym76F2/HK3vVmw7pMVLEUGCXj1X5andSy5+xdviAewDLUPp+7kpKLhdrSvMPTk5\n"                           \
    "0w95sUpljlgJ8fnolpESVkhfonjc7Zn7OwamT+W9hoEGNKNTxCQOKfYqRuVdxjcR\n"                           \
    "ALo5TrnKVGSxWXSsT8ACEYDXB2GrAgMBAAECgYEAgap418eGYbA0NJY4d22Rd2Xe\n"                           \
    "ESKPIv1iFjWY5hrasYMSM/pv6jhsQf1zRSmiNqc/ads3s4j2k4zWolJHhuQ9EEpX\n"                           \
    "FlET4sjpoX9F2BVetieHBbFRwqw5okCZtShthl3mnAnyNy6usqS//G/Gudcy1wu4\n"                           \
    "kaOpaqSDdiFR1nD8YOECQQDeUtrHMmntt8F7oppCudF1k/2AhvrTvigG38nGLQ9f\n"                           \
    "bkp/D0bWFwedcZffFV1JmuQaQBgcf1QJjjivFK+/aR4nAkEAypc4x/vbue4Ve6cy\n"                           \
    "PZtbtHODHw4WDVCvDUcs8h+gRnDkTgxTcJCeqRoJpUcMTKSveGhwIk8Z9+4D3/km\n"                           \
    "eWcW3QJAd5xF/iN+YBmbq+OocLu+GC79lPeJ3P+SU1h1GvzFJ4eT5tYWOzp6q1cg\n"                           \
    "6TF6Vg5SKFlRX4uVb+qnTnKntyhbwwJAE2waAnov34xmvNsTovpg+VTVrkWAcbhZ\n"                           \
    "f/Fh6riDeh1alezylukWfOnFIPZFxJdJR0bj8TYaLD3CW1eci6kJdQJANCWeYEUw\n"                           \
    "aFRXdfgcSLzTHls/N8v++MCtEiPIPTO4kZEKmd9q1mAfsKBJzWTp5fNhReCR2tHc\n"                           \
    "98k+GPfFMt/CmA==\n"                                                                           \
    "-----END PRIVATE KEY-----\n"
#define KEY_SECP256K1                                                                              \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgVKxeuS12js65+nX3qVVF\n"                           \
    "k4Q+qxPXPCOYssYLyWvHFUehRANCAATiyEQenXv9AaupffXNfULjDsqDsGV5+hAu\n"                           \
    "Oy5ENBbld71WNo9hJqOpEdrhUWzPPxIoBzhRoMHLCiX7tRTCBIV8\n"                                       \
    "-----END PRIVATE KEY-----\n"
#define KEY_X25519                                                                                 \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MC4CAQAwBQYDK2VuBCIEIBhnpVIWz4WUyPBK8pz1lglQdncmIAkg4E4XIQ8KEUVh\n"                           \
    "-----END PRIVATE KEY-----\n"
#define KEY_RSA_PSS                                                                                \
    "-----BEGIN PRIVATE KEY-----\n"                                                                \
    "MIIEvQIBADALBgkqhkiG9w0BAQoEggSpMIIEpQIBAAKCAQEA3EFpX34TsYyIt/Yq\n"                           \
    "ge7CBIGjKTfYwf9RCPdOHal9T+TllzNjnbjNlsPPWQyefGO6pAM9QJqszKE9NUAr\n"                           \
    "YqTPE5o2oY+GUCNsmaJSR1wikwsrSUsOqXYz8YH303hTKfDSWX4+G9oFxNq9U2CW\n"                           \
    "MbZ40aoxCRgWKuu1T1COKALMj29ePUHj2efLbSeVyrC8H+8SFlCPmeHeINcwDxFM\n"                           \
    "jEmHYcqb2G994USzhvguDJFZaAoydjCwhOxK+1BwUAJCaPVUgNsE3K2vL3YqwhUY\n"                           \
    "T9uQ4ypk6M4GWYIkF09BriwWb43bwDRFRjo/Dfeo7DJOQuLn1mcvNBEwHKS7gPZO\n"                           \
    "iYnbBQIDAQABAoIBACVyWI4z8vizfjYam+EB3QojmUAjfs6C0D3wP99ypru73J3v\n"                           \
    "jn7tAcUhbuICr3pSAVQrudD/SyQyQKQKUCYCA7PfOu0OaAU9dJQNQSRhQX6S/k3E\n"                           \
    "fU5p6oxjrqUNNsRxbW3qNPiKwYLVtq0ThY2XqqRo5VPYvMIY13dP6I9cZHd5JLoy\n"                           \
    "+QpEc708LoX2yeOIX4NwqkTsrBx+u4xSDc4Sn0h/qPkx1QRBvMBwVg0KYMPgppPJ\n"                           \
    "gEsDOde7c8k7TYVyCvIWXK40O0A19aKYYjrYWX2CuVhA+4fT6hgWKKnVQnV3vi0m\n"                           \
    "hPe6i7PjlIEb6oalUUsJu2yeSLRy/42gsLXqOTECgYEA9OWYiqJv0YW8nMIWU7je\n"                           \
    "3J1dkn/5zLeJMpgRlV7mf/NC1uTfedWnYG5YaKzdJ252irDfuwB+KX2gQXXR5LnV\n"                           \
    "6jDP2M97bfQpHcl4UefrkuIiEM8fc4DVmC7Brxgv6UpC7Hf4T/zoGj3CJhvLZqMN\n"                           \
    "TBNsTYfOo5yx48sWCD2LOfECgYEA5j3Qqm+I+l1sI3vC4IL+4ltS4lIxPphDv2sA\n"                           \
    "1qUtdvbORUj3pe9q6nkCsVYRN2iUYsg884GyFxthWnBE8kAKN4/y8CoCfsvOlzhJ\n"                           \
    "87Px2HQfugyiwHr1L4pqh2/pFqFN/6YkfGCW0FD2rk7svA+pCYOCYY2GeXtsaYod\n"                           \
    "CY17flUCgYEAuAVmsJYK7ChQaIK3gEXkwWZGj/U2YgxwPeJjJBjhn7fNu+jTvJs9\n"                           \
    "YIrKSC3NKPoqfWEXXU+rfcX2i/natMKn6YiwRjzyhNb5pnZjwThCnmbqLjNVcNeY\n"                           \
    "qPhJdib4qZax3zrvDjv+tOk/YJ92IjPXpBjcQw4PyoXObluGvL5yRiECgYEA4rw/\n"                           \
    "MIiUEVJM+wiW2ffGv+0FS4F7o1PZa7kZY0fY5Q2aBlscHloPJQa0YyUJ4VHoxvrA\n"                           \
    "I2E2m1DIZ4KmMxZjuWHV8TK9sFZOhVbWZNtxMCLzV4m4AOtVZ1LdI7FOjo2dPURF\n"                           \
    "LAMGofEJbJCmy3B0m7zZee4gXqPwGGL9w3mEAt0CgYEA4vSpXiEeLFcaKiJKkBhv\n"                           \
    "gWv9a8hlBY3EOIjO/AqJz/vAah4VV0tzMEXZnabCNq7PuRVpBvtXoG70UIgq2ll+\n"                           \
    "bIFxeOM3Jq5zODzyX7gIkQjhGOydP8rHdHxmrWzCfDYqmGWWVQxSBwQmybz1V5wS\n"                           \
    "3VZy8RchZGIr4wr3MF5H4Ek=\n"                                                                   \
    "-----END PRIVATE KEY-----\n"
#define KEY_CERTIFICATE                                                                            \
    "-----BEGIN CERTIFICATE-----\n"                                                                \
    "MIIBLDCB36ADAgECAhQ6x+MAaZAA21W3T0khIJIyiV6jFTAFBgMrZXAwDDEKMAgG\n"                           \
    "A1UEAwwBeDAeFw0yNjExMjIwNjUzMDJaFw0yNjEyMDIwNjUzMDJaMAwxCjAIBgNV\n"                           \
    "BAMMAXgwKjAFBgMrZXADIQCeE1keqJLA2M/w8mVpwTW25zvsBQKJkwySexBQbVrM\n"                           \
    "YqNTMFEwHQYDVR0OBBYEFPOs9kCXYYczrQ7eX+nj4tTC2qb1MB8GA1UdIwQYMBaA\n"                           \
    "FPOs9kCXYYczrQ7eX+nj4tTC2qb1MA8GA1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EA\n"                           \
    "LgUx96SNo/wF/Oo35pZkhNz/Onlkee429Un4l8jF2Yt78y2ic+sHgRr5ekRQHOCE\n"                           \
    "wgtfRXNbTLJe7zqFir0wAQ==\n"                                                                   \
    "-----END CERTIFICATE-----\n"
/* without the closing brace, for members to follow */
#define KEY_RSA_JWK_OPEN                                                                           \
    "{\"kty\":\"RSA\",\"n\":\"6UmV78MVUkvzzp8EPNReeuJbJHpaZvsrlvyM3P8PErRMEv9TKkOgUDBn5lqhmwE"     \
    "wHEi5fmJs65loNXUYFH9MmEi-2KX6PxaKlBkb7Y9EIkEO3mpcNXOiwyDe4WozNHaeAULk642Sy5NromaacArWUxn"     \
    "C7VfRBXcnjD-zvTMyQrPlnG3UQC-7gaQKoyQfKePAEA_J5a6SyYVYHdNalCG05AQGljdr7EBN0n-XxXtzFp6FuWT"     \
    "FCMkFM6Sp9vNwZ0U_nSnDIH0KPF2ulOGoDVFCZXu8IkJKQShOq9rVFrw4GaPbVPlAJo-ePGz6cvh2s_TK91jIrYL"     \
    "Uix7o9qlIKF9O1Q\",\"e\":\"AQAB\",\"d\":\"VGNdDJU6MkHtWPHm24ZLAxK8u45TA2uaUgzbe9n7_t0fo8O"     \
    "etuwtorRP8WEZknO0jpa0GwbJtdQRgTzxUADYmUG_X6lyw72ItZf7pUys7eMw2L4Kyv8ggotydIIxMaoy7-vd2WO"     \
    "mFWQnjGCnPx58dyUbgTXCE8MNmEs23psVdFDkUB3TeLekgOvUrG3Jp584bOU6I876dlr6iFI7vmXB7XPXVnvlKZR"     \
    "Aa1AkP4H1-ocHU6eZeWbl01Ut8AYC4q_so85F7cN5x1a0r1xCZyP3t0ZnjogPYfNdnTbKnczXPjT-PuQAtc82gR4"     \
    "NO8JGNkTfU_Gqg36f3U60IUsuc4ZVJQ\",\"p\":\"9kvyakBFpJNrippZ6eVGh_nT7IhRYUhB3kTjqV3EgcRuKx"     \
    "1zSZ-A6ClRYXf6VkOJdSyAAFXq8hvGhlIDa2rJjuU74thJyoKzx-tEXuddcEBQ5bD3hP_FLSV-TuLJyLo0-VTgUy"     \
    "Oou343qhzmonUu-CYw2pzNeaxiPEL-GLpr-H8\",\"q\":\"8npuyMWwC5YGmAaahWCuR7uNQ26Fhdkw5JkepLYw"     \
    "9y274Y7_a-s40MEX16WbZtUJZ2JvSkPrcM-X5F-qb1gLsg92eBvIFu42-OwO43RYdCF-mnqrV6lNzD4rSO_ILhho"     \
    "qzXGJhri3YNRayPfbAipGpX4L1Ggo7pv50MaDmOmrqs\",\"dp\":\"pHp3ewlM-OkSKk-FuDNK9MecBRvL7QGKK"     \
    "1sqBhL-hgKd5-EU-pewSFo_ZK3w2ebkRwHewVqfOevemhju-68mx2zCn2z9amX6lYnB8PblaW8qFxolUgZUsR-Wy"     \
    "CufwZLIibFq1Vq89ekGV25RfzBum301puiMN7MtLz0132GvdRU\",\"dq\":\"m8lhiAjK9IatMdt8R5k4H8o2Fk"     \
    "7Z5ocGTLi74WNUzlpJzb9MB5AW7rhAk0JJN6ZD5nJtwi8lA1O86PM101ekHACnQr_GrETceM1hO22yrtoeNy39C9"     \
    "Mwsrp2oOO9ny_7f5SK_Exl2Z_XHZjsoMJnszcLP4uYQ9kysEiCYyBPJQU\",\"qi\":\"4HYvCa36XfKOinREPib"     \
    "pCyEU5ERk0pjPwgaCXhsUPsREgzbeSZBlx_sgvuTxc4RLX0glJL_5uDlPXZqLqiBAjshvGcuIpceJSqG04IryQP5"     \
    "C6rYR91WYgUcnpp_G_eQF3YpOukC2O9vPrTTNfiHOXvOme3u88MMYhzqHn-Vkjso\""
#define KEY_RSA_PUBLIC_JWK_OPEN                                                                    \
    "{\"kty\":\"RSA\",\"n\":\"6UmV78MVUkvzzp8EPNReeuJbJHpaZvsrlvyM3P8PErRMEv9TKkOgUDBn5lqhmwE"     \
    "wHEi5fmJs65loNXUYFH9MmEi-2KX6PxaKlBkb7Y9EIkEO3mpcNXOiwyDe4WozNHaeAULk642Sy5NromaacArWUxn"     \
    "C7VfRBXcnjD-zvTMyQrPlnG3UQC-7gaQKoyQfKePAEA_J5a6SyYVYHdNalCG05AQGljdr7EBN0n-XxXtzFp6FuWT"     \
    "FCMkFM6Sp9vNwZ0U_nSnDIH0KPF2ulOGoDVFCZXu8IkJKQShOq9rVFrw4GaPbVPlAJo-ePGz6cvh2s_TK91jIrYL"     \
    "Uix7o9qlIKF9O1Q\",\"e\":\"AQAB\""
#define KEY_RSA_THUMBPRINT "qJKJZtSQ5UPUsHwPMy1YcpXWVbtTXXwvy3ZQtvngurk"
/* without the closing brace, for members to follow */
#define KEY_EC_JWK_OPEN                                                                            \
    "{\"kty\":\"EC\",\"x\":\"Pss0mmFylWviIT4LIo8n0vVGXgQt26Uc7rz_o6mlBv8\",\"y\":\"_LvEc9o5RC"     \
    "_8qH2dlHJZM2s4DaD7_WkdYy4W_JHMRXU\",\"crv\":\"P-256\",\"d\":\"sfNAolNjVjM7rw8_pMtVOViiGG"     \
    "RZ2p7zcYnUVN6_Bm8\""
#define KEY_EC_PUBLIC_JWK_OPEN                                                                     \
    "{\"kty\":\"EC\",\"x\":\"Pss0mmFylWviIT4LIo8n0vVGXgQt26Uc7rz_o6mlBv8\",\"y\":\"_LvEc9o5RC"     \
    "_8qH2dlHJZM2s4DaD7_WkdYy4W_JHMRXU\",\"crv\":\"P-256\""
#define KEY_EC_THUMBPRINT "xlpelCS1PIDTT794kFZqD_Mr_RzS31x3gyeWK1vf4G0"
/* without the closing brace, for members to follow */
#define KEY_ED_JWK_OPEN                                                                            \
    "{\"crv\":\"Ed25519\",\"d\":\"UloBuEOyC3FO-u3APLvh8bkWjUyiGHxOWnQiAfwUeoM\",\"x\":\"nhNZH"     \
    "qiSwNjP8PJlacE1tuc77AUCiZMMknsQUG1azGI\",\"kty\":\"OKP\""
#define KEY_ED_PUBLIC_JWK_OPEN                                                                     \
    "{\"crv\":\"Ed25519\",\"x\":\"nhNZHqiSwNjP8PJlacE1tuc77AUCiZMMknsQUG1azGI\",\"kty\":\"OKP"     \
    "\""
#define KEY_ED_THUMBPRINT "Foiz1msylFwutq1zhj0uNYXAWnXsnN1zPNRTonsV2Ik"

#endif
