/**
 * By message, because kafkajs gives this error no name of its own. It has no group before it runs, and none from the
 * moment of a crash, which is before it tells of that crash.
 */
const HAS_NO_GROUP = 'Consumer group was not initialized'

/**
 * Pauses or resumes partitions, unless the consumer has stopped: it fetches nothing then, and its next join pauses and
 * resumes every partition.
 *
 * @throws every other error
 */
export function unlessStopped(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith(HAS_NO_GROUP)) throw error
  }
}
