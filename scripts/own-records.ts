/**
 * Counts the records that programs of this project send to a stack, so that `npm start` recognizes readings of other applications.
 * Each batch is counted before it is sent, so a count is never too low.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { SENDING, type Sending } from '#runtime/adapters/kafka/producer-ports.ts'
import { runningStacks } from './running-stacks.ts'

/** Environment variable with the folder of the counts, for `serverless offline`. */
export const OWN_RECORDS = 'SLUICE_OWN_RECORDS'

/** Returns the folder of a stack's counts. Each counted topic has a file in it. */
export function ownRecordsDir(dataDir: string): string {
  return join(dataDir, 'own-records')
}

/**
 * Counts the records that this process sends to the counted topics of folders. Returns a function that ends this.
 *
 * @param findFolders called when the first records are sent
 */
export function countOwnRecords(findFolders: () => readonly string[]): () => void {
  let folders: readonly string[] | undefined
  const count = (message: unknown) => {
    const { topic, records } = message as Sending
    folders ??= findFolders()
    for (const folder of folders) append(join(folder, topic), `${records}\n`)
  }
  subscribe(SENDING, count)
  return () => void unsubscribe(SENDING, count)
}

/** Counts the records that this process sends to running stacks with these brokers. Returns a function that ends this. */
export function countInStacks(brokers: readonly string[] = []): () => void {
  return countOwnRecords(() => {
    const stacks = runningStacks().filter(({ variables }) => variables.KAFKA_BROKERS === brokers.join(','))
    return stacks.map(({ dataDir }) => ownRecordsDir(dataDir))
  })
}

/** Appends to a file. Does nothing if the file does not exist, because the topic is then not counted. */
function append(path: string, text: string): void {
  try {
    const file = openSync(path, constants.O_WRONLY | constants.O_APPEND)
    writeSync(file, text)
    closeSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
