// The check list of the calls: each row has what proves it, and that is there. That it proves it is seen
// by the suites which make the visits.
import { checkList } from "./kit/calls.mjs";

export default async function run(t) {
    checkList(t);
}
