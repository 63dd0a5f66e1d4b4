/** Projects as people have them. Each takes records, and fails at the value `poison`. */
import { execFileSync } from 'node:child_process'
import type { Framework } from './frameworks.ts'

/** A module that the handlers bring along, so that it is seen that what they need stays in their zip. */
export const NEEDED = { name: 'kafkajs', version: '2.2.4' } as const

export interface Kind {
  readonly name: string
  readonly type?: 'module'
  /** Contents by path. */
  readonly files: Readonly<Record<string, string>>
  readonly handler: string
  readonly runtime: (framework: Framework) => string
  /** Beside the trigger and serverless-offline. */
  readonly plugins?: readonly string[]
  readonly custom?: Readonly<Record<string, unknown>>
  /** Packages that it installs, all of them for development. */
  readonly packages?: Readonly<Record<string, string>>
  /** Whether a bundler makes the zip. */
  readonly isBundled?: true
}

const node = ({ nodeRuntime }: Framework) => nodeRuntime

const TAKE = `
  for (const records of Object.values(event.records))
    for (const record of records) {
      const value = Buffer.from(record.value, 'base64').toString()
      if (value === 'poison') throw new Error('poison')
      console.log('took', value)
    }
`

const TYPESCRIPT = `import { CompressionTypes } from '${NEEDED.name}'

interface Event {
  readonly records: Readonly<Record<string, readonly { readonly value: string }[]>>
}

export async function orders(event: Event): Promise<void> {
  if (CompressionTypes.None !== 0) throw new Error('another kafkajs')
${TAKE}}
`

/** Refers to the types of the package, as a plugin that builds functions or a test that injects faults would. */
const TYPES = `import MskTriggerPlugin from 'serverless-offline-msk-trigger'
import { injectFault } from 'serverless-offline-msk-trigger/inject-fault'

export const replace = (plugin: MskTriggerPlugin): Promise<void> => plugin.replaceInstances(['orders'])
export const rebalance = (): Promise<void> => injectFault('/tmp/faults.sock', { function: 'orders', fault: 'rebalance' })
`

const TSCONFIG = {
  compilerOptions: {
    target: 'es2022',
    lib: ['es2022'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    allowJs: true,
    checkJs: true,
    noEmit: true,
  },
}

const PYTHON = `import base64


def orders(event, context):
    for records in event["records"].values():
        for record in records:
            value = base64.b64decode(record["value"]).decode()
            if value == "poison":
                raise ValueError("poison")
            print("took", value, flush=True)
    return {}
`

export const KINDS: readonly Kind[] = [
  {
    name: 'TypeScript with esbuild',
    files: {
      'src/orders.ts': TYPESCRIPT,
      'types/uses.mts': TYPES,
      'tsconfig.json': JSON.stringify({ ...TSCONFIG, exclude: ['types', 'node_modules'] }),
      'types/tsconfig.json': JSON.stringify({ ...TSCONFIG, include: ['*.mts'] }),
    },
    handler: 'src/orders.orders',
    runtime: node,
    plugins: ['serverless-esbuild'],
    custom: { esbuild: { bundle: true } },
    packages: { '@types/node': '24.19.2', esbuild: '0.28.2', 'serverless-esbuild': '1.57.2' },
    isBundled: true,
  },
  {
    name: 'ES modules',
    type: 'module',
    files: {
      'orders.js': `import kafkajs from '${NEEDED.name}'\n\nexport const orders = async event => {${TAKE}  return {}\n}\nvoid kafkajs\n`,
    },
    handler: 'orders.orders',
    runtime: node,
  },
  {
    name: 'CommonJS',
    files: {
      'orders.js': `require('${NEEDED.name}')\n\nexports.orders = async event => {${TAKE}}\n`,
    },
    handler: 'orders.orders',
    runtime: node,
  },
  { name: 'Python', files: { 'orders.py': PYTHON }, handler: 'orders.orders', runtime: python },
]

/** The runtime of the Python that this machine has. */
function python(): string {
  const version = execFileSync('python3', [
    '-c',
    'import sys; print(f"{sys.version_info[0]}.{sys.version_info[1]}")',
  ])
  return `python${String(version).trim()}`
}
