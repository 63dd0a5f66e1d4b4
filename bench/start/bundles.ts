import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { runProgram } from '@sluice/test-kit/program'
import { type Files, readBundle } from '../../test/package/bundles.ts'
import { readFiles } from '../../test/support/zip.ts'

/** The functions as deployed, unpacked. */
interface Unpacked {
  getFile(name: string): string
}

/** These, and an empty function for comparison. */
export interface Bundles extends Unpacked {
  /** Size of each function's code in bytes: all of it, and the part that is read at start. */
  readonly sizes: ReadonlyMap<string, { readonly all: number; readonly atStart: number }>
}

const EMPTY = 'export const handler = async () => ({ batchItemFailures: [] })\n'

/** A made-up account. */
const ACCOUNT = {
  MSK_CLUSTER_ARN:
    'arn:aws:kafka:us-east-1:123456789012:cluster/bench/00000000-0000-0000-0000-000000000000-1',
  REDIS_URL: 'rediss://cache.example:6379',
  SUBNET_IDS: 'subnet-1,subnet-2',
  SECURITY_GROUP_IDS: 'sg-1',
  // The functions of the history are deployed only on request.
  HISTORY_BUCKET: 'bench-history',
  STORAGE_URL: 'postgres://bench@127.0.0.1/bench',
}

/** Packages the functions in a folder inside the project, where they find the AWS SDK, and looks at what is in them. */
export async function packaged(names: readonly string[], room: string): Promise<Bundles> {
  const { contents, getFile } = await unpacked(names, room)
  await put(getFile('empty'), EMPTY)
  await put(join(room, 'unpacked', 'empty', 'package.json'), '{"type":"module"}')
  const sizes = new Map<string, { all: number; atStart: number }>()
  for (const [name, files] of contents) {
    const { all, atStart } = await readBundle(files, `functions/${name}/handler.js`)
    const bytes = (paths: readonly string[]) =>
      paths.reduce((sum, path) => sum + (files.get(path)?.length ?? 0), 0)
    sizes.set(name, { all: bytes(all), atStart: bytes(atStart) })
  }
  return { sizes, getFile }
}

/** Packages them without that look, which takes long. */
async function unpacked(
  names: readonly string[],
  room: string,
): Promise<Unpacked & { readonly contents: ReadonlyMap<string, Files> }> {
  const packages = join(room, 'packages')
  const { code, output } = await runProgram(
    'serverless',
    ['package', '--stage', 'prod', '--region', 'us-east-1', '--package', packages],
    { env: ACCOUNT },
  )
  if (code !== 0) throw new Error(`serverless package failed:\n${output}`)
  const getFile = (name: string) => join(room, 'unpacked', name, 'functions', name, 'handler.js')
  const contents = new Map<string, Files>()
  for (const name of names) {
    const files = await readFiles(join(packages, `${name}.zip`))
    for (const [path, content] of files) await put(join(room, 'unpacked', name, path), content)
    contents.set(name, files)
  }
  return { contents, getFile }
}

async function put(file: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}
