import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { ObjectPlace } from '../on-failure/notices.ts'

/** Maximum size of an object, in bytes. Lambda invokes a function with at most 6 MB of records, and writes them as escaped text. */
const MAX_BYTES = 32 * 1024 * 1024

/** Timeouts in milliseconds. An unresponsive connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, socketTimeout: 10_000 }

/** Reads the objects that Lambda writes to an on-failure destination. */
export class DiscardedObjects {
  // A local cloud has only one host name, so the bucket name is in the path, which AWS also supports.
  readonly #client = new S3Client({ forcePathStyle: true, requestHandler: TIMEOUTS })

  /**
   * Returns the text of an object.
   *
   * @throws Error if the object cannot be read, or exceeds the maximum size
   */
  async read({ bucket, key }: ObjectPlace): Promise<string> {
    const { Body, ContentLength = 0 } = await this.#client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
    )
    if (ContentLength > MAX_BYTES)
      throw new Error(`the object has ${ContentLength} bytes, more than Lambda writes`)
    return (await Body?.transformToString()) ?? ''
  }

  close(): void {
    this.#client.destroy()
  }
}
