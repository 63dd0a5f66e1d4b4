import { Transcript } from './transcript.ts'

/** Of the one invocation that this process makes. */
export const transcript = new Transcript()
