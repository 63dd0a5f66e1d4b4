/** Keeps the history in an S3 bucket. */
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { type HistoryStore, HistoryUnavailable, type StoredObject } from '../../history/store.ts'

/** Time limits in milliseconds. A frozen connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 60_000, socketTimeout: 20_000 }

/** Maximum number of keys in one request to delete objects. */
const DELETED_AT_ONCE = 1_000

export interface S3HistorySettings {
  readonly bucket: string
  /** If true, uses path-style addresses, for an emulator with a single host name. */
  readonly pathStyle: boolean
  /** Prefix of all keys, empty or ending with `/`. */
  readonly prefix?: string
}

export class S3HistoryStore implements HistoryStore {
  readonly name: string
  readonly #bucket: string
  readonly #prefix: string
  readonly #s3: S3Client

  /** @param client settings of the client; by default, those of the process environment */
  constructor({ bucket, pathStyle, prefix = '' }: S3HistorySettings, client: S3ClientConfig = {}) {
    this.name = `s3://${bucket}/${prefix}`.replace(/\/$/, '')
    this.#bucket = bucket
    this.#prefix = prefix
    this.#s3 = new S3Client({ forcePathStyle: pathStyle, requestHandler: TIMEOUTS, ...client })
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    let ContinuationToken: string | undefined
    do {
      const request = { Bucket: this.#bucket, Prefix: this.#prefix + prefix, ContinuationToken }
      const page = await this.#reached(this.#s3.send(new ListObjectsV2Command(request)))
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? [])
        yield {
          key: Key.slice(this.#prefix.length),
          bytes: Size,
          modifiedMs: LastModified?.getTime() ?? 0,
        }
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }

  async get(key: string): Promise<Buffer | undefined> {
    const request = new GetObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + key })
    return await this.#reached(
      this.#s3
        .send(request)
        .then(async ({ Body }) => Buffer.from((await Body?.transformToByteArray()) ?? []))
        .catch(error => {
          if ((error as Error).name === 'NoSuchKey') return undefined
          throw error
        }),
    )
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    const request = { Bucket: this.#bucket, Key: this.#prefix + key, Body: bytes }
    await this.#reached(this.#s3.send(new PutObjectCommand(request)))
  }

  async delete(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETED_AT_ONCE) {
      const Objects = keys.slice(from, from + DELETED_AT_ONCE).map(key => ({ Key: this.#prefix + key }))
      const request = { Bucket: this.#bucket, Delete: { Objects, Quiet: true } }
      const { Errors = [] } = await this.#reached(this.#s3.send(new DeleteObjectsCommand(request)))
      const [first] = Errors
      if (first)
        throw new HistoryUnavailable(
          `${this.name}: ${Errors.length} objects could not be deleted, the first with ${first.Code}`,
        )
    }
  }

  close(): void {
    this.#s3.destroy()
  }

  #reached<T>(answer: Promise<T>): Promise<T> {
    return answer.catch(error => {
      const { name, message } = error as Error
      const bucket = `The bucket "${this.#bucket}" of the history`
      const said: Readonly<Record<string, string>> = {
        NoSuchBucket: `${bucket} does not exist: create it, or set HISTORY_BUCKET to one that does`,
        AccessDenied: `${bucket} refuses access: check that it is in this account, and that the role may use it (${message})`,
      }
      const what = said[name] ?? `${bucket} cannot be used: ${message || name}`
      throw new HistoryUnavailable(what, { cause: error })
    })
  }
}
