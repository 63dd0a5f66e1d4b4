/** The serializers of confluent-kafka for Python, which is installed from the Python package index. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { PROJECT } from '@sluice/test-kit/program'
import { ensureInstalled, pythonPackages } from '#local-servers/install'
import type { RecordHeader } from '#runtime/cloudevents'
import { LOCAL, PYTHON_LOCKS } from '../../scripts/paths.ts'

const PYTHON = join(LOCAL, 'python', 'confluent')
const SCRIPT = join(PROJECT, 'test', 'long', 'confluent_serializers.py')

/** Data to serialize. */
export interface ToSerialize {
  readonly kind: 'avro' | 'json' | 'protobuf'
  readonly topic: string
  readonly data: object
  /** Schema of Avro or JSON, as text. */
  readonly schema?: string
  /** Protobuf: files of the folder; the first one declares the message. */
  readonly files?: readonly string[]
  readonly message?: string
  /** Protobuf: false if well-known files are registered as references. */
  readonly skipsKnown?: boolean
  /** True if the GUID of the schema is put into a header. */
  readonly inHeader?: boolean
}

export interface Serialized {
  readonly value: Buffer
  readonly headers: readonly RecordHeader<Buffer>[]
}

/** Downloads the serializers unless they are installed. */
export async function installConfluentSerializers(): Promise<void> {
  const context = { signal: new AbortController().signal }
  const packages = { service: 'registry', title: 'the serializers of Confluent', dir: PYTHON } as const
  await ensureInstalled(pythonPackages({ ...packages, lock: join(PYTHON_LOCKS, 'confluent.txt') }), context)
}

/** Registers the schemas and serializes the data. @param folder temporary folder */
export async function serializeAll<Name extends string>(
  registry: string,
  protos: string,
  folder: string,
  given: Readonly<Record<Name, ToSerialize>>,
): Promise<Record<Name, Serialized>> {
  const child = spawn(join(PYTHON, 'bin', 'python'), [SCRIPT, registry, protos], {
    env: { ...process.env, TMPDIR: folder, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.end(JSON.stringify(given))
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  const lines = output.split('\n').filter(line => line !== '')
  if (lines.length < Object.keys(given).length) throw new Error(`the serializers have failed: ${errors}`)
  const encodeBytes = (base64: string) => Buffer.from(base64, 'base64')
  return Object.fromEntries(
    lines.map(line => {
      const { name, value, headers } = JSON.parse(line)
      const pairs = headers.map(([header, bytes]: [string, string]) => [header, encodeBytes(bytes)])
      return [name, { value: encodeBytes(value), headers: pairs }]
    }),
  ) as Record<Name, Serialized>
}
