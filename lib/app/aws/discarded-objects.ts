import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import type { ObjectPlace } from '../../failures/on-failure/notices.ts'

/** Lambda gives a function at most 6 MB of records, and writes them as escaped text. */
const MAX_BYTES = 32 * 1024 * 1024

/** A frozen or silent connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, socketTimeout: 10_000 }

/** Reads the objects that Lambda writes to an on-failure destination. */
export class DiscardedObjects {
  // A local stand-in has only one host name, so the bucket is in the path; AWS takes that as well.
  readonly #client = new S3Client({ forcePathStyle: true, requestHandler: TIMEOUTS })

  /** The text of an object. @throws Error if it cannot be read, or is larger than anything that Lambda writes */
  async read({ bucket, key }: ObjectPlace): Promise<string> {
    const { Body, ContentLength = 0 } = await this.#client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
    )
    if (ContentLength > MAX_BYTES)
      throw new Error(`an object of ${ContentLength} bytes was not written by Lambda`)
    return (await Body?.transformToString()) ?? ''
  }

  close(): void {
    this.#client.destroy()
  }
}
