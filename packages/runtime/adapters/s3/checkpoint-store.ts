/** Stores checkpoints as compressed objects in S3. The names of the objects sort by the time of the checkpoint. */
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { Unavailable } from '../../pipeline/errors.ts'
import type { StateKey, Version } from '../../pipeline/model.ts'
import { chainPages } from '../../pipeline/recovery/chain.ts'
import {
  type CheckpointInfo,
  type CheckpointPages,
  type CheckpointPart,
  type CheckpointStore,
  DamagedCheckpoint,
  type KeptCheckpoint,
  type WrittenCheckpoint,
} from '../../pipeline/recovery/checkpoints.ts'
import { CheckpointParser, CheckpointWriter, type Header } from '../checkpoints/format.ts'
import { isUnreadableText, linesByPiece } from '../files/lines.ts'

/** Prefix of every key. IAM roles are restricted to this prefix. */
const PREFIX = 'checkpoints'

/** Time limits in milliseconds. A frozen or unresponsive connection must not use up the whole invocation. */
const TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 10_000, socketTimeout: 10_000 }

/** Fast compression, because Redis is read at the same time, and fewer changes occur during a shorter read. */
const QUICK = { [constants.ZSTD_c_compressionLevel]: 1 }

export interface S3CheckpointSettings {
  readonly bucket: string
  /** If true, uses path-style addresses, for an emulator with a single host name. */
  readonly pathStyle: boolean
}

export class S3CheckpointStore implements CheckpointStore {
  readonly #bucket: string
  readonly #s3: S3Client

  constructor({ bucket, pathStyle }: S3CheckpointSettings) {
    this.#bucket = bucket
    this.#s3 = new S3Client({ forcePathStyle: pathStyle, requestHandler: TIMEOUTS })
  }

  async list(partitionState: StateKey): Promise<readonly KeptCheckpoint[]> {
    const folder = folderOf(partitionState)
    const kept: KeptCheckpoint[] = []
    let ContinuationToken: string | undefined
    do {
      const request = { Bucket: this.#bucket, Prefix: folder, ContinuationToken }
      const page = await this.#reached(this.#s3.send(new ListObjectsV2Command(request)))
      for (const { Key = '' } of page.Contents ?? []) {
        const one = keptAt(Key.slice(folder.length))
        if (one) kept.push(one)
      }
      ContinuationToken = page.NextContinuationToken
    } while (ContinuationToken !== undefined)
    return kept.sort((a, b) => b.takenAtMs - a.takenAtMs)
  }

  async *read(partitionState: StateKey, kept: KeptCheckpoint): CheckpointPages {
    const all = kept.after === undefined ? [] : await this.list(partitionState)
    yield* chainPages(kept, all, one => this.#object(partitionState, one))
  }

  async *#object(partitionState: StateKey, kept: KeptCheckpoint): AsyncGenerator<CheckpointPart[]> {
    const request = { Bucket: this.#bucket, Key: keyOf(partitionState, kept) }
    const { Body } = await this.#found(this.#s3.send(new GetObjectCommand(request)))
    const parser = new CheckpointParser()
    const text = createZstdDecompress()
    const compressed = this.#pieces(Body as AsyncIterable<Uint8Array>)
    // A failure destroys the stream that is read below, and is reported there.
    const unpacking = pipeline(compressed, text).catch(() => {})
    try {
      for await (const lines of linesByPiece(text)) {
        const parts = lines.map(line => parser.line(line))
        yield parts.filter(part => part !== undefined)
      }
      checkHeader(parser.end(), partitionState, kept)
    } catch (error) {
      throw isUnreadableText(error) || isZlib(error)
        ? new DamagedCheckpoint('it cannot be decompressed: it is truncated or was changed')
        : error
    } finally {
      text.destroy()
      await unpacking
    }
  }

  /**
   * Compresses the checkpoint in memory and then sends it as a single object, so that S3 stores either the whole checkpoint or
   * nothing.
   */
  async write(
    partitionState: StateKey,
    taken: CheckpointInfo,
    pages: CheckpointPages,
  ): Promise<WrittenCheckpoint> {
    const packed: Buffer[] = []
    const zstd = createZstdCompress({ params: QUICK })
    let version: Version | undefined
    async function* noted(): CheckpointPages {
      for await (const page of pages) {
        for (const part of page) if (part.kind === 'meta') version = part.meta.version
        yield page
      }
    }
    await pipeline(textOf(partitionState, taken, noted()), zstd, async pieces => {
      for await (const piece of pieces) packed.push(piece)
    })
    if (!version) throw new TypeError('a checkpoint must contain its version')
    const kept = { ...taken, version }
    const Body = Buffer.concat(packed)
    const request = { Bucket: this.#bucket, Key: keyOf(partitionState, kept), Body }
    await this.#reached(this.#s3.send(new PutObjectCommand(request)))
    return { kept, bytes: Body.length }
  }

  async remove(partitionState: StateKey, kept: KeptCheckpoint): Promise<void> {
    const request = { Bucket: this.#bucket, Key: keyOf(partitionState, kept) }
    await this.#reached(this.#s3.send(new DeleteObjectCommand(request)))
  }

  close(): void {
    this.#s3.destroy()
  }

  async *#pieces(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body
    } catch (error) {
      throw this.#unavailable(error)
    }
  }

  /** Converts the error of a missing object, which another run may have removed since it was listed. */
  #found<T>(answer: Promise<T>): Promise<T> {
    return this.#reached(
      answer.catch(error => {
        throw (error as Error).name === 'NoSuchKey'
          ? new DamagedCheckpoint('it is no longer in the bucket')
          : error
      }),
    )
  }

  #reached<T>(answer: Promise<T>): Promise<T> {
    return answer.catch(error => {
      throw error instanceof DamagedCheckpoint ? error : this.#unavailable(error)
    })
  }

  #unavailable(error: unknown): Unavailable {
    const { name, message } = error as Error
    const bucket = `The bucket "${this.#bucket}" for checkpoints`
    const said: Readonly<Record<string, string>> = {
      NoSuchBucket: `${bucket} does not exist: create it, or set CHECKPOINT_BUCKET to one that does`,
      AccessDenied: `${bucket} refuses access: check that it is in this account, and that this function has its role (${message})`,
    }
    const what = said[name] ?? `${bucket} cannot be used: ${message || name}`
    return new Unavailable('checkpoint-unavailable', what, { cause: error })
  }
}

async function* textOf(
  partitionState: StateKey,
  { takenAtMs, after }: CheckpointInfo,
  pages: CheckpointPages,
): AsyncGenerator<string> {
  const writer = new CheckpointWriter()
  yield writer.header({
    ...partitionState,
    takenAt: timeOf(takenAtMs),
    ...(after ? { after: timeOf(after) } : {}),
  })
  for await (const page of pages) yield writer.lines(page)
  yield writer.trailer()
}

/**
 * Rejects a checkpoint whose header does not match its key. This happens if an operator copies the object to a key of another
 * partition or another chain of checkpoints.
 */
function checkHeader(
  found: Header,
  { consumer, topic, partition }: StateKey,
  { after }: KeptCheckpoint,
): void {
  if (found.consumer !== consumer || found.topic !== topic || found.partition !== partition)
    throw new DamagedCheckpoint(`it is the state of ${found.consumer} on ${found.topic}/${found.partition}`)
  if (found.after !== (after && timeOf(after)))
    throw new DamagedCheckpoint(
      `it contains the changes since ${found.after ?? 'the beginning'}, which differs from its name`,
    )
}

function folderOf({ consumer, topic, partition }: StateKey): string {
  return `${PREFIX}/${consumer}/${topic}/${partition}/`
}

/**
 * Returns a key of the form `<taken at>-<epoch>-<next offset>-<timers fired>`, which begins with the time so that names sort by
 * time. Keys of incremental checkpoints end with `-after-<taken at>`.
 */
function keyOf(partitionState: StateKey, { takenAtMs, version, after }: KeptCheckpoint): string {
  const { epoch, appliedOffset, fired } = version
  const name = `${nameTime(takenAtMs)}-${epoch}-${appliedOffset + 1}-${fired}`
  return `${folderOf(partitionState)}${name}${after ? `-after-${nameTime(after)}` : ''}.jsonl.zst`
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString()
}

function nameTime(ms: number): string {
  return timeOf(ms).replaceAll(/[-:]/g, '')
}

const NAME = /^(\d{8}T\d{6}\.\d{3}Z)-(\d+)-(\d+)-(\d+)(?:-after-(\d{8}T\d{6}\.\d{3}Z))?\.jsonl\.zst$/

/** Parses the name of a checkpoint; returns undefined for any other name. */
function keptAt(name: string): KeptCheckpoint | undefined {
  const [, takenAt, epoch, next, fired, after] = NAME.exec(name) ?? []
  if (takenAt === undefined) return undefined
  return {
    takenAtMs: readTime(takenAt),
    version: { epoch: Number(epoch), appliedOffset: Number(next) - 1, fired: Number(fired) },
    ...(after ? { after: readTime(after) } : {}),
  }
}

function readTime(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)/, '$1-$2-$3T$4:$5:'))
}

function isZlib(error: unknown): boolean {
  return /^(ZSTD_|Z_)/.test(String((error as NodeJS.ErrnoException).code))
}
