/** Gives the readings more partitions in the middle of the flow, as an operator does. */
import { Readable } from 'node:stream'
import { kafkaClient } from '../../packages/runtime/adapters/kafka/client.ts'
import { growTopic } from '../../packages/runtime/adapters/kafka/grow-topic.ts'
import { RedisClient } from '../../packages/runtime/adapters/redis/client.ts'
import { RedisPartitionStates } from '../../packages/runtime/adapters/redis/partition-states.ts'
import type { StateKey } from '../../packages/runtime/pipeline/model.ts'
import { type CheckpointPart, EMPTY_META } from '../../packages/runtime/pipeline/recovery/checkpoints.ts'
import { Program } from '../support/program.ts'
import type { Growth } from './count/growth.ts'
import type { Flow } from './flow.ts'

/** A multiple of the present number, and others: entities move to new partitions alone, or also between old ones. */
const TO = [24, 18, 16]
/** A segment sink keeps nothing by entity, and has never read all. */
const EXCEPT = ['archiving']
/** The lines of the command at which it is killed. */
const KILLED_AT = [/^Looking in /m, /^Copied 5 of /m, /^Kafka has /m, /^Switched 1 of /m, /^Switched 20 of /m]

export function growReadings(flow: Flow): Promise<void> {
  return flow.alone(async () => {
    await untilSettled(flow)
    const topic = flow.topic('readings')
    const ends = await flow.log.ends(topic)
    const growth: Growth = { topic, from: ends.length, to: flow.random.pick(TO), ends, except: EXCEPT }
    if (flow.isSabotaged('growth')) await growInKafkaAlone(flow, growth)
    else await growByCommand(flow, growth)
    await flow.grown(growth)
    await noticed(flow)
    await flow.tickAll()
  })
}

/** Nothing decides meanwhile: each state comes back from a checkpoint of just before, with all that Redis knew of the growth. */
export function flushAndRestore(flow: Flow): Promise<void> {
  return flow.alone(async () => {
    await untilSettled(flow)
    const { workers, servers } = flow
    const client = new RedisClient({ url: servers.redisUrl })
    for (const worker of workers) worker.signal('SIGSTOP')
    try {
      const states = new RedisPartitionStates(client)
      const kept = new Map<StateKey, (readonly CheckpointPart[])[]>()
      for (const key of flow.stateKeys()) {
        const taken = await states.take(key)
        if (!taken) continue
        const pages: (readonly CheckpointPart[])[] = []
        for await (const page of taken.pages) pages.push(page)
        kept.set(key, pages)
      }
      await servers.valkey.admin.flushall()
      for (const [key, pages] of kept) await states.replace(key, EMPTY_META.version, Readable.from(pages))
    } finally {
      for (const worker of workers) worker.signal('SIGCONT')
      client.close()
    }
  })
}

/** Mappings look for new partitions twice a minute; and whenever their group is formed anew, which is sooner. */
async function noticed({ workers: [worker] }: Flow): Promise<void> {
  for (const name of ['counting', 'archiving', 'failing', 'parking'])
    await worker?.inject({ fault: 'rebalance', function: name })
}

/** Records that are released at the end can fail again. */
async function untilSettled(flow: Flow): Promise<void> {
  const lengths = async () => JSON.stringify([await flow.ends(), await flow.progress()])
  for (let before = ''; before !== (await lengths()); ) {
    before = await lengths()
    if (!(await flow.settled())) throw new Error('the readings cannot grow: something waits for too long')
  }
}

async function growByCommand(flow: Flow, { to }: Growth): Promise<void> {
  const killed = command(flow, to)
  await killed.says(flow.random.pick(KILLED_AT)).catch(() => {})
  killed.signal('SIGKILL')
  await killed.ended
  const { code, output } = await command(flow, to).ended
  // A kill that came too late leaves nothing to do.
  if (code !== 0 && !output.includes(`has ${to} partitions`))
    throw new Error(`the readings did not grow: ${output}`)
}

function command({ env, servers }: Flow, to: number): Program {
  const except = EXCEPT.flatMap(consumer => ['--except', consumer])
  const args = ['topics', 'grow', 'readings', '--partitions', String(to), ...except, '--quiet', '1s', '--yes']
  const variables = {
    SLUICE_ENV: env,
    KAFKA_BROKERS: servers.brokers.join(','),
    REDIS_URL: servers.redisUrl,
  }
  return new Program('./cli/sluice.ts', args, { env: variables })
}

/** Grows a topic in Kafka alone, a common mistake: the states stay where they were. */
async function growInKafkaAlone({ servers: { brokers } }: Flow, { topic, to }: Growth): Promise<void> {
  await growTopic(kafkaClient({ brokers: [...brokers], clientId: 'ledger', auth: 'none' }), topic, to)
}
