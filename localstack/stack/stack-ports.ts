import { createHash } from 'node:crypto'
import { DEFAULT_STACK } from '../../programs/stack.ts'
import { UserError } from '../../programs/user-error.ts'
import { portInUse } from '../services/ports.ts'

/** Offsets within a block of ports. The two ports after Kafka's are for further brokers. */
const IN_BLOCK = {
  KAFKA_PORT: 0,
  REDIS_PORT: 3,
  AWS_PORT: 4,
  LAMBDA_PORT: 5,
  REGISTRY_PORT: 6,
  CONSOLE_PORT: 7,
  KAFKA_UI_PORT: 8,
} as const
const BLOCK = 10
const USED = 9

/** Below the ephemeral ports, and above the well-known ones. */
const FIRST_PORT = 20_000
const BLOCKS = 1_000

/**
 * Returns the port variables of a stack that are not set in the environment: none for the default stack, free ports for
 * a named one. A name gets the same ports each time, as long as they are free.
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
  throw new UserError(
    `No ${USED} consecutive ports are free for the stack "${name}". Set ${new Intl.ListFormat('en').format(Object.keys(IN_BLOCK))}.`,
  )
}

async function isFree(first: number, isInUse: (port: number) => Promise<boolean>): Promise<boolean> {
  for (let index = 0; index < USED; index++) if (await isInUse(first + index)) return false
  return true
}
