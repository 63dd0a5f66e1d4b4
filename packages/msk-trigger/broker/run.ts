import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import { Refused, run } from './install.ts'

export const LOOPBACK = '127.0.0.1'

const START_WITHIN_MS = 60_000
const LOOK_EVERY_MS = 100

/** JVM options for a low use of memory and a fast start. A local broker needs little compilation and garbage collection. */
const JVM_FLAGS = [
  '-Xmx512m',
  '-XX:TieredStopAtLevel=1',
  '-XX:+UseSerialGC',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
]

export interface KafkaPlace {
  readonly java: string
  readonly jars: string
  readonly data: string
  readonly port: number
}

/**
 * Runs a single Kafka node, which is both broker and controller, until it or this process ends.
 *
 * @throws Refused if the node does not start
 */
export async function runKafka({ java, jars, data, port }: KafkaPlace, onReady: () => void): Promise<void> {
  const log = join(data, 'log')
  await mkdir(log, { recursive: true })
  const file = join(data, 'server.properties')
  await writeFile(file, properties(port, await freePort(), log))
  // A killed JVM leaves unpacked libraries in its temporary folder.
  const temporary = join(data, 'tmp')
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary)
  const command = (...args: string[]) => [
    ...JVM_FLAGS,
    `-Djava.io.tmpdir=${temporary}`,
    '-cp',
    join(jars, '*'),
    ...args,
  ]
  if (!existsSync(join(log, 'meta.properties'))) {
    // An id with a leading dash would be parsed as an option.
    const id = randomBytes(16).toString('base64url').replace(/^-/, 'A')
    const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', id, '--config', file]
    await run(java, command(...format), "Kafka's data folder could not be prepared")
  }
  const outputFile = join(data, 'kafka.log')
  const output = await open(outputFile, 'w')
  const child = spawn(java, command('kafka.Kafka', file), { stdio: ['ignore', output.fd, output.fd] })
  await output.close()
  const ended = once(child, 'close')
  let isStopping = false
  const stop = () => {
    isStopping = true
    child.kill('SIGTERM')
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  const isListening = await untilListening(child, port)
  if (isListening) onReady()
  else child.kill('SIGKILL')
  await ended
  if (!isStopping)
    throw new Refused(
      `Kafka ${isListening ? 'has ended' : 'did not start'}; see ${outputFile} for the reason`,
    )
}

/** Returns true if a server listens on this local port. */
export async function isTaken(port: number): Promise<boolean> {
  const socket = connect(port, LOOPBACK)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits until the broker accepts connections. Returns false if it has ended or takes too long. */
async function untilListening(child: ChildProcess, port: number): Promise<boolean> {
  const endAtMs = Date.now() + START_WITHIN_MS
  while (!(await isTaken(port))) {
    const hasEnded = child.exitCode !== null || child.signalCode !== null
    if (hasEnded || Date.now() > endAtMs) return false
    await pause(LOOK_EVERY_MS)
  }
  return true
}

/** Finds a free port for the controller. Only the broker itself connects to this port. */
async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('a listening server has no port')
  return address.port
}

function properties(port: number, controllerPort: number, log: string): string {
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${LOOPBACK}:${controllerPort}`,
    listeners: `PLAINTEXT://${LOOPBACK}:${port},CONTROLLER://${LOOPBACK}:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': log.replaceAll('\\', '/'),
    // Kafka's internal topics need a replication factor of 1, because there is only one broker.
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'group.initial.rebalance.delay.ms': 0,
  }
  return Object.entries(settings)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}
