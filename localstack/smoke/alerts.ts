import { topicName } from '../../lib/app/topics.ts'
import { alertIn } from '../../lib/queries/alerts.ts'
import { NewRecords } from '../../lib/queries/records.ts'

/** The alerts of one sensor that come from now on. */
export class FiredAlerts {
  readonly #records: NewRecords
  readonly #sensor: string
  readonly #rules = new Set<string>()

  private constructor(records: NewRecords, sensor: string) {
    this.#records = records
    this.#sensor = sensor
  }

  static async from(
    log: Parameters<typeof NewRecords.fromNow>[0],
    env: string,
    sensor: string,
  ): Promise<FiredAlerts> {
    return new FiredAlerts(await NewRecords.fromNow(log, topicName('alerts', env)), sensor)
  }

  /** The names of the rules of which an alert has fired so far. */
  async read(): Promise<ReadonlySet<string>> {
    for await (const record of this.#records.read()) {
      const alert = alertIn(record)?.alert
      if (alert?.status === 'firing' && alert.entity.subject === this.#sensor) this.#rules.add(alert.rule)
    }
    return this.#rules
  }
}
