/** States compared with the log, for operators. The application imports this room through this file. */
export { listEntities, type Verifying } from './both-states.ts'
export { computeBeginning, type Doubt } from './comparability.ts'
export type { Difference, Exception } from './differences.ts'
export type { OutputRange } from './expected-emissions.ts'
export { computePastStates, type PastStates, type PastStep } from './past-states.ts'
export { toDifferenceKey, type Verified, verify } from './verify.ts'
