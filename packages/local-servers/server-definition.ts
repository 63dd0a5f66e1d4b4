import type { InstallContext, Package } from './install.ts'
import type { Launch } from './managed-process.ts'

/** Definition of a server. It contains all differences between Kafka, Valkey and LocalStack. */
export interface Server {
  readonly name: string
  /** Name and version for messages. */
  readonly title: string
  readonly port: number
  /** Environment variable with which users set another port. */
  readonly variable: string
  /** Data folder. */
  readonly dir: string
  /** True for a server that loses its data when it ends, so that it is not started again by itself. */
  readonly isVolatile?: boolean
  /** Package of the server; undefined for a program that is already installed. */
  readonly package: Package | undefined
  /** Writes the configuration and initial data, installs the Java that it needs if necessary, and returns the command that starts the server. */
  prepare(context: InstallContext & { readonly logsDir: string }): Promise<Launch>
  /** Returns true if the server is ready. Never rejects. */
  answers(): Promise<boolean>
}

/** Options for the port and the data of a server. */
export interface ServerOptions {
  readonly port: number
  /** Folder with the data of all servers. */
  readonly dataDir: string
  /** Folder for installed servers. Several projects can share it. */
  readonly cacheDir: string
}
