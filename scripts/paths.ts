import { join } from 'node:path'

/** Folder of the project. */
export const PROJECT = join(import.meta.dirname, '..')

/** Folder for everything that is downloaded, stored or logged on this machine. */
export const LOCAL = join(PROJECT, '.local')

export const DATA_DIR = join(LOCAL, 'data')
export const LOGS_DIR = join(LOCAL, 'logs')

/** Folder with the lock files of Python packages. */
export const PYTHON_LOCKS = join(PROJECT, 'localstack', 'python')
