import { join } from 'node:path'

/** The project's folder. */
export const PROJECT = join(import.meta.dirname, '..')

/** Everything that is downloaded, stored or logged on this machine is in this folder. */
export const LOCAL = join(PROJECT, '.local')

export const DATA_DIR = join(LOCAL, 'data')
export const LOGS_DIR = join(LOCAL, 'logs')
