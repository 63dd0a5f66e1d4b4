import type { ServerName } from '../report.ts'
import type { InstallContext, Package } from './install.ts'
import type { Launch } from './process.ts'

/** The description of one server: everything that differs between Kafka, Valkey and LocalStack. */
export interface Server {
  readonly name: ServerName
  /** Name and version, for the user. */
  readonly title: string
  readonly port: number
  /** The environment variable that sets another port. */
  readonly variable: string
  /** Data folder. The path appears in the command line, which identifies the server as one of this project's. */
  readonly dir: string
  /** The package that it runs from; undefined for a program that is there anyway. */
  readonly package: Package | undefined
  /** Writes the configuration and initial data. Returns how to start the server. */
  prepare(context: Required<InstallContext>): Promise<Launch>
  /** Whether the server is ready for use. Never rejects. */
  answers(): Promise<boolean>
}

/** The port and data of a server. */
export interface ServerOptions {
  readonly port: number
  /** The folder with the data of all servers. */
  readonly dataDir: string
}
