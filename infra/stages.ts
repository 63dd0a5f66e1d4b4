/** The stages that can be deployed, and all that differs between them: the only place that says so. */

export interface Stage {
  /** The kind of MSK cluster that the stack of `infra/` makes. */
  readonly cluster: 'serverless' | 'provisioned'
  /** How Lambda polls Kafka: provisioned pollers cost money at rest, and only they read partial responses. */
  readonly pollers: 'provisioned' | 'on-demand'
  readonly logRetentionDays: number
  /** Where the endpoints of the stack are: in one zone they cost a third, and fail with it. */
  readonly endpointZones: 'one' | 'every'
  /** Whether alarms send notifications; the dashboard exists in every stage. */
  readonly alarms: boolean
  /** Whether buckets, keys, clusters and log groups stay when their stack is deleted. */
  readonly keepsData: boolean
}

export const STAGES = {
  dev: {
    cluster: 'serverless',
    pollers: 'on-demand',
    logRetentionDays: 7,
    endpointZones: 'one',
    alarms: false,
    keepsData: false,
  },
  prod: {
    cluster: 'provisioned',
    pollers: 'provisioned',
    logRetentionDays: 90,
    endpointZones: 'every',
    alarms: true,
    keepsData: true,
  },
} as const satisfies Readonly<Record<string, Stage>>

type StageName = keyof typeof STAGES

/** Returns the stage; `undefined` for one that is not in the table. `local` is never deployed, so it is not in the table. */
export function stageNamed(name: string): Stage | undefined {
  return Object.hasOwn(STAGES, name) ? STAGES[name as StageName] : undefined
}
