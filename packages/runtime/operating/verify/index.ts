/** States and emissions compared with the log, for operators. Loads no client. */
export { computeBeginning } from '../../pipeline/verifying/comparability.ts'
export type { Difference, Exception } from '../../pipeline/verifying/differences.ts'
export type { OutputRange } from '../../pipeline/verifying/expected-emissions.ts'
export { toDifferenceKey, type Verified, verify } from '../../pipeline/verifying/verify.ts'
