/** By message, because the error has no name of its own. A consumer has no group before it runs, and none from a crash on. */
const HAS_NO_GROUP = 'Consumer group was not initialized'

/** Pauses or resumes partitions, unless the consumer has stopped: its next join does that for all. @throws every other error */
export function unlessStopped(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith(HAS_NO_GROUP)) throw error
  }
}
