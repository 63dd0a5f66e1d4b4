/** Opens the database of the storage. */
import { readFile } from 'node:fs/promises'
import { readPem } from '@sluice/kafka-records/pem'
import { type AwsPlace, readSecret } from '#runtime/functions/connections'
import { type CombinedParts, ConfigError } from '#runtime/settings'
import type { Storage, StorageReader } from '../../storage/storage.ts'
import type { STORAGE } from '../settings/storage.ts'

type Config = CombinedParts<readonly [typeof STORAGE]>

/**
 * Opens the database. Each adapter loads its library on demand, and connects with the first write.
 *
 * @param aws region and endpoint of Secrets Manager; by default, the AWS SDK reads them from the environment
 * @throws ConfigError if no database is set, or its address or secret cannot be used
 */
export async function openStorage(config: Config, aws: AwsPlace = {}): Promise<Storage & StorageReader> {
  const url = await readStorageUrl(config, aws)
  if (url.startsWith('sqlite:')) {
    const { SqliteStorage } = await import('../../storage/adapters/sqlite.ts')
    return new SqliteStorage(url.slice('sqlite:'.length))
  }
  const { PostgresStorage } = await import('../../storage/adapters/postgres.ts')
  return new PostgresStorage(url, () => readStorageUrl(config, aws).catch(() => url))
}

/** Returns the address of the database, with the user and the password of the secret. @throws ConfigError as `openStorage` does */
export async function readStorageUrl(
  { storageUrl, storageSecret }: Config,
  aws: AwsPlace = {},
): Promise<string> {
  if (storageUrl === undefined)
    throw new ConfigError('the environment', ['STORAGE_URL: must be the address of a database'])
  if (storageUrl.startsWith('sqlite:')) return storageUrl
  if (!URL.canParse(storageUrl))
    throw new ConfigError('the environment', ['STORAGE_URL: must be postgres://USER@HOST:PORT/DATABASE'])
  const url = new URL(storageUrl)
  if (storageSecret !== undefined) {
    const { username, password } = await readSecret(storageSecret, aws)
    if (typeof password !== 'string')
      throw new ConfigError(`the secret ${storageSecret}`, ['password: must be a text'])
    url.password = encodeURIComponent(password)
    if (url.username === '' && typeof username === 'string') url.username = encodeURIComponent(username)
  }
  await checkFiles(url.searchParams)
  return url.href
}

const FILES = { sslrootcert: 'certificate', sslcert: 'certificate', sslkey: 'private key' } as const

/** Refuses certificates and keys that the client, which reads the files itself, would ignore. */
async function checkFiles(named: URLSearchParams): Promise<void> {
  for (const [name, kind] of Object.entries(FILES)) {
    const file = named.get(name)
    if (!file) continue
    try {
      const text = await readFile(file, 'utf8')
      readPem(text, kind)
      if (!/^-----BEGIN [A-Z0-9 ]+-----\r?$/m.test(text))
        throw new Error('must have line ends: it is one line')
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const reason = code === undefined ? message : `cannot be read: ${code}`
      throw new ConfigError('the environment', [`STORAGE_URL: ${name}: ${file} ${reason}`])
    }
  }
}

/** Returns what reading the database needs; undefined if nothing is missing. Only on this machine may a reader be able to write. */
export function findReaderNeed(
  { storageUrl, storageSecret, storageReaderSecret }: Config,
  isLocal: boolean,
): string | undefined {
  if (storageUrl === undefined) return 'the function `storage` with a database: set STORAGE_URL'
  const hasReader = storageReaderSecret !== undefined && storageReaderSecret !== storageSecret
  if (isLocal || hasReader || storageUrl.startsWith('sqlite:')) return undefined
  return 'a role that can only read the database: set STORAGE_READER_SECRET to the secret with its user and password'
}

/** Opens the database for reading, as the role of STORAGE_READER_SECRET if it is set. Parameters and errors are those of `openStorage`. */
export async function openStorageReader(config: Config, aws: AwsPlace = {}): Promise<StorageReader> {
  const { storageUrl, storageReaderSecret } = config
  if (storageReaderSecret === undefined || !URL.canParse(storageUrl ?? '')) return openStorage(config, aws)
  // The user in the address is the one that writes.
  const { href } = Object.assign(new URL(storageUrl as string), { username: '', password: '' })
  return openStorage({ storageUrl: href, storageSecret: storageReaderSecret }, aws)
}
