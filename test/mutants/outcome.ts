/** The exit status of a run of test files. */
export const PASSED = 0
export const FAILED = 1
export const NO_TEST = 3
