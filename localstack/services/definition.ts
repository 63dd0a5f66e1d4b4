import type { ServerName } from '../report.ts'
import type { InstallContext } from './install.ts'
import type { Launch } from './process.ts'

/** One server of the local cloud: what differs between Kafka, Valkey and LocalStack, and nothing else. */
export interface Server {
  readonly name: ServerName
  /** Name and version, for a person. */
  readonly title: string
  readonly port: number
  /** The environment variable that chooses another port. */
  readonly variable: string
  /** Its data. The path stands in its command line, by which a server of ours is told from any other. */
  readonly dir: string
  /** Installs what is missing; quick where nothing is. */
  install(context: InstallContext): Promise<void>
  /** Writes configuration and first data, and says how to start. */
  prepare(context: InstallContext): Promise<Launch>
  /** Whether it does its work now; never throws. */
  answers(): Promise<boolean>
}
