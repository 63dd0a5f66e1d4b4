import { dirname, join } from 'node:path'
import { Program } from '@sluice/test-kit/program'
import { PROJECT } from '../../scripts/paths.ts'
import { offlineProgram } from '../kit/offline-project.ts'
import type { Servers } from '../kit/servers.ts'
import { names } from '../kit/vocabulary.ts'

export const SIDES = ['bare', 'sluice'] as const
export type SideName = (typeof SIDES)[number]

/** Common options of both sides of a comparison. */
export interface Beside {
  /** The bundle of the function `views`, which then keeps the tables that the log has activated. */
  readonly views?: string
}

export interface Setup extends Servers {
  /** The bundle of the alerting function. */
  readonly handler: string
  /** A folder for the files of both sides. */
  readonly room: string
}

/** Starts one side on the topics of an environment, and waits until it consumes. */
export async function startSide(
  side: SideName,
  env: string,
  setup: Setup,
  beside: Beside = {},
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const program = side === 'bare' ? bare(env, setup) : await sluice(env, setup, beside)
  const stop = async () => {
    program.signal('SIGTERM')
    await program.ended
  }
  try {
    await program.says(/^ready|^msk {2}ready: /m)
    return { pid: program.pid ?? 0, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function bare(env: string, { broker }: Setup): Program {
  const file = join(import.meta.dirname, 'bare-alerts.ts')
  return new Program(file, [broker, names.topicName('readings', env), names.topicName('alerts', env)])
}

/** The alerting function as deployed, but with a window of 0, and with the `lingerMs` of `npm start`. */
function sluice(
  env: string,
  { broker, redisUrl, handler, room }: Setup,
  { views }: Beside,
): Promise<Program> {
  return offlineProgram({
    ...{ folder: join(room, env), env, broker, redisUrl },
    environment: { RULES_DIR: join(PROJECT, 'config/rules') },
    functions: {
      alerting: { handler: 'alerting/handler.handler', timeout: 30, topic: 'readings' },
      ...(views === undefined
        ? {}
        : { views: { handler: 'views/handler.handler', timeout: 30, topic: ['readings', 'view-rows'] } }),
    },
    links: { alerting: dirname(handler), ...(views === undefined ? {} : { views: dirname(views) }) },
  })
}
