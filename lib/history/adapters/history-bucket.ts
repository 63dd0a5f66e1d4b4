/** Keeps the history in an S3 bucket. */
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3'
import { serverUnavailable } from '#runtime/operating/servers'
import { type HistoryStore, HistoryUnavailable } from '../store.ts'

/** Time limits in milliseconds. A frozen connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 60_000, socketTimeout: 20_000 }

export interface S3HistorySettings {
  readonly bucket: string
  /** If true, uses path-style addresses, for an emulator with a single host name. */
  readonly pathStyle: boolean
}

export class S3HistoryStore implements HistoryStore {
  readonly name: string
  readonly #bucket: string
  readonly #s3: S3Client

  /** @param client settings of the client; by default, those of the process environment */
  constructor({ bucket, pathStyle }: S3HistorySettings, client: S3ClientConfig = {}) {
    this.name = `s3://${bucket}`
    this.#bucket = bucket
    this.#s3 = new S3Client({ forcePathStyle: pathStyle, requestHandler: TIMEOUTS, ...client })
  }

  async *list(prefix: string, after?: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined
    do {
      const request = { Bucket: this.#bucket, Prefix: prefix, StartAfter: after, ContinuationToken }
      const page = await this.#translateErrors(this.#s3.send(new ListObjectsV2Command(request)))
      for (const { Key = '' } of page.Contents ?? []) yield Key
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
  }

  async get(key: string): Promise<Buffer | undefined> {
    const request = new GetObjectCommand({ Bucket: this.#bucket, Key: key })
    return await this.#translateErrors(
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
    const request = { Bucket: this.#bucket, Key: key, Body: bytes }
    await this.#translateErrors(this.#s3.send(new PutObjectCommand(request)))
  }

  close(): void {
    this.#s3.destroy()
  }

  #translateErrors<T>(answer: Promise<T>): Promise<T> {
    return answer.catch(error => {
      const { message, words } = serverUnavailable('history', error, this.name)
      throw Object.assign(new HistoryUnavailable(message, { cause: error }), { words })
    })
  }
}
