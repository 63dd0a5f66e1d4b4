/** Stages that can be deployed, and the settings in which they differ. */

export interface Stage {
  /** Type of the brokers that the long-lived stack creates, and the size of the disk of each. */
  readonly brokerType: string
  readonly brokerStorageGiB: number
  /** Mode in which Lambda polls Kafka. Provisioned pollers cost money while idle, and only they support partial batch responses. */
  readonly pollers: 'provisioned' | 'on-demand'
  readonly logRetentionDays: number
  /**
   * Zones of the VPC endpoints. Endpoints in one zone cost a third of endpoints in every zone, but are unavailable if that zone
   * fails.
   */
  readonly endpointZones: 'one' | 'every'
  /** True if alarms are created. */
  readonly alarms: boolean
  /** True if buckets, keys, clusters and log groups are retained when their stack is deleted. */
  readonly keepsData: boolean
}

export const STAGES = {
  dev: {
    brokerType: 'kafka.t3.small',
    brokerStorageGiB: 20,
    pollers: 'on-demand',
    logRetentionDays: 7,
    endpointZones: 'one',
    alarms: false,
    keepsData: false,
  },
  prod: {
    brokerType: 'kafka.m7g.large',
    brokerStorageGiB: 100,
    pollers: 'provisioned',
    logRetentionDays: 90,
    endpointZones: 'every',
    alarms: true,
    keepsData: true,
  },
} as const satisfies Readonly<Record<string, Stage>>

type StageName = keyof typeof STAGES

/** Returns the stage with the given name; undefined for an unknown stage and for `local`, which is never deployed. */
export function findStage(name: string): Stage | undefined {
  return Object.hasOwn(STAGES, name) ? STAGES[name as StageName] : undefined
}
