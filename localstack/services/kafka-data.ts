import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalCloudError } from '../failure.ts'
import type { ServerName } from '../report.ts'

/** A broker by its name, which is that of its folder, too. */
export interface BrokerFolder {
  readonly name: ServerName
  readonly title: string
  readonly dir: string
}

/** The numbers of brokers that there can be: two could lose none of them. */
export const BROKER_COUNTS = [1, 3] as const
export type BrokerCount = (typeof BROKER_COUNTS)[number]

/** The folders of so many brokers. */
export function brokerFolders(dataDir: string, brokers: number): BrokerFolder[] {
  const named = (name: ServerName, title: string) => ({ name, title, dir: join(dataDir, name) })
  if (brokers === 1) return [named('kafka', 'Kafka')]
  return Array.from({ length: brokers }, (_, index) =>
    named(`kafka-${index + 1}`, `Kafka broker ${index + 1}`),
  )
}

/** The folders that belong to any other number of brokers. */
export function foldersOfOthers(dataDir: string, brokers: number): BrokerFolder[] {
  return BROKER_COUNTS.filter(count => count !== brokers).flatMap(count => brokerFolders(dataDir, count))
}

/**
 * Throws where the data was made with another number of brokers. Not passed over in favour of empty topics: what the
 * consumers remember beside it would take their first records for ones that were long processed.
 */
export function requireSameBrokers(dataDir: string, brokers: number): void {
  const before = BROKER_COUNTS.find(
    count => count !== brokers && brokerFolders(dataDir, count).some(({ dir }) => isFormatted(dir)),
  )
  if (before === undefined) return
  const were = before === 1 ? 'one Kafka broker' : `${before} Kafka brokers`
  throw new LocalCloudError(
    `${dataDir} holds data of ${were}, which ${brokers} cannot go on with. Start with --fresh (the data is lost), ` +
      `with --brokers ${before}, or with SLUICE_DATA_DIR naming another folder.`,
  )
}

/** The id that the cluster was given when its folders were made; undefined where none was made yet. */
export function clusterIdIn(folders: readonly BrokerFolder[]): string | undefined {
  const made = folders.map(({ dir }) => metadataFile(dir)).find(file => existsSync(file))
  return made && /^cluster\.id=(.+)$/m.exec(readFileSync(made, 'utf8'))?.[1]
}

/** Where a broker keeps its records. */
export function logFolder(dir: string): string {
  return join(dir, 'log')
}

/** Whether the folder was made ready for a broker. */
export function isFormatted(dir: string): boolean {
  return existsSync(metadataFile(dir))
}

function metadataFile(dir: string): string {
  return join(logFolder(dir), 'meta.properties')
}
