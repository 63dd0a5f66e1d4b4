import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Name of a broker and of its data folder. */
export interface BrokerFolder {
  readonly name: string
  readonly title: string
  readonly dir: string
}

/** Returns the data folders for a cluster with this number of brokers. */
export function brokerFolders(dataDir: string, brokers: number): BrokerFolder[] {
  const toBrokerFolder = (name: string, title: string) => ({ name, title, dir: join(dataDir, name) })
  if (brokers === 1) return [toBrokerFolder('kafka', 'Kafka')]
  return Array.from({ length: brokers }, (_, index) =>
    toBrokerFolder(`kafka-${index + 1}`, `Kafka broker ${index + 1}`),
  )
}

/** Returns the cluster id in the folders; undefined if none of them is formatted. */
export function findClusterId(folders: readonly BrokerFolder[]): string | undefined {
  const metadataPath = folders.map(({ dir }) => metadataFile(dir)).find(file => existsSync(file))
  return metadataPath && /^cluster\.id=(.+)$/m.exec(readFileSync(metadataPath, 'utf8'))?.[1]
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
