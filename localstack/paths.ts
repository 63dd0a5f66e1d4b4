import { join } from 'node:path'

/** The folder of the project. */
export const PROJECT = join(import.meta.dirname, '..')

/** Everything that is downloaded, kept or logged on this machine lies here, and nowhere else in the project. */
export const LOCAL = join(PROJECT, '.local')

export const DATA_DIR = join(LOCAL, 'data')
export const LOGS_DIR = join(LOCAL, 'logs')
