import { createHash } from 'node:crypto'
import { DEFAULT_STACK } from '../../cli/stacks/stack.ts'
import { LocalCloudError } from '../failure.ts'
import { portInUse } from '../services/ports.ts'

/** What is added to the first port of a block; the two ports after Kafka's belong to further brokers. */
const IN_BLOCK = { KAFKA_PORT: 0, REDIS_PORT: 3, AWS_PORT: 4, LAMBDA_PORT: 5 } as const
const BLOCK = 10
const USED = 6

/** Below the ports that systems give to outgoing connections, and above those that programs are known for. */
const FIRST_PORT = 20_000
const BLOCKS = 1_000

/**
 * The port variables of a stack: those of the environment, and for a stack with a name of its own a free one for each that is
 * missing there. The same name gets the same ports again while they are free.
 */
export async function stackPorts(
  name: string,
  environment: Readonly<Record<string, string | undefined>>,
  isInUse: (port: number) => Promise<boolean> = portInUse,
): Promise<Readonly<Record<string, string>>> {
  if (name === DEFAULT_STACK) return {}
  const missing = Object.entries(IN_BLOCK).filter(([variable]) => !environment[variable]?.trim())
  if (missing.length === 0) return {}
  const first = await freeBlock(name, isInUse)
  return Object.fromEntries(missing.map(([variable, index]) => [variable, String(first + index)]))
}

async function freeBlock(name: string, isInUse: (port: number) => Promise<boolean>): Promise<number> {
  const usual = createHash('sha256').update(name).digest().readUInt32BE() % BLOCKS
  for (let tried = 0; tried < BLOCKS; tried++) {
    const first = FIRST_PORT + ((usual + tried) % BLOCKS) * BLOCK
    if (await isFree(first, isInUse)) return first
  }
  throw new LocalCloudError(
    `No ${USED} ports in a row are free for the stack "${name}". Name them by KAFKA_PORT, REDIS_PORT, AWS_PORT and LAMBDA_PORT.`,
  )
}

async function isFree(first: number, isInUse: (port: number) => Promise<boolean>): Promise<boolean> {
  for (let index = 0; index < USED; index++) if (await isInUse(first + index)) return false
  return true
}
