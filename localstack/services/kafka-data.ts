import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../programs/user-error.ts'
import type { ServerName } from '../report.ts'

/** Name of a broker and of its data folder. */
export interface BrokerFolder {
  readonly name: ServerName
  readonly title: string
  readonly dir: string
}

/** Supported numbers of brokers. A cluster of two is excluded, because it would not survive the loss of a broker. */
export const BROKER_COUNTS = [1, 3] as const
export type BrokerCount = (typeof BROKER_COUNTS)[number]

/** Returns the data folders for a cluster with this number of brokers. */
export function brokerFolders(dataDir: string, brokers: number): BrokerFolder[] {
  const named = (name: ServerName, title: string) => ({ name, title, dir: join(dataDir, name) })
  if (brokers === 1) return [named('kafka', 'Kafka')]
  return Array.from({ length: brokers }, (_, index) =>
    named(`kafka-${index + 1}`, `Kafka broker ${index + 1}`),
  )
}

/** Returns the data folders that belong to clusters with other numbers of brokers. */
export function foldersOfOthers(dataDir: string, brokers: number): BrokerFolder[] {
  return BROKER_COUNTS.filter(count => count !== brokers).flatMap(count => brokerFolders(dataDir, count))
}

/**
 * Rejects existing data that was written by a different number of brokers. Starting with empty topics would be wrong: consumers
 * with stored state would treat the first new records as already processed.
 *
 * @throws UserError if there is such data
 */
export function requireSameBrokers(dataDir: string, brokers: number): void {
  const before = BROKER_COUNTS.find(
    count => count !== brokers && brokerFolders(dataDir, count).some(({ dir }) => isFormatted(dir)),
  )
  if (before === undefined) return
  const were = before === 1 ? 'one Kafka broker' : `${before} Kafka brokers`
  throw new UserError(
    `${dataDir} contains data of ${were}, which cannot be used with ${brokers}. Start with --fresh (the data is lost), ` +
      `with --brokers ${before}, or with another folder in SLUICE_DATA_DIR.`,
  )
}

/** Returns the cluster id in the folders; undefined if none of them is formatted. */
export function clusterIdIn(folders: readonly BrokerFolder[]): string | undefined {
  const made = folders.map(({ dir }) => metadataFile(dir)).find(file => existsSync(file))
  return made && /^cluster\.id=(.+)$/m.exec(readFileSync(made, 'utf8'))?.[1]
}

/** Returns the folder of a broker's records. */
export function logFolder(dir: string): string {
  return join(dir, 'log')
}

/** Returns true if the folder is formatted for a broker. */
export function isFormatted(dir: string): boolean {
  return existsSync(metadataFile(dir))
}

function metadataFile(dir: string): string {
  return join(logFolder(dir), 'meta.properties')
}
