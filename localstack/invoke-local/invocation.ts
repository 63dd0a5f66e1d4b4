import { Transcript } from './transcript.ts'

/** The transcript of the only invocation of this process. */
export const transcript = new Transcript()
