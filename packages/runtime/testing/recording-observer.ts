import type { Decision, StoppedPartition } from '../pipeline/model/decision.ts'
import type { Report, ReportOf } from '../pipeline/model/report.ts'

type Content<Kind extends Report['kind']> = Omit<ReportOf<Kind>, 'kind' | 'stateKey'>

/** Records all reports of the pipeline. */
export class RecordingObserver {
  readonly decisions: Decision[] = []
  readonly waits: StoppedPartition[] = []
  readonly #reports: Report[] = []

  readonly report = (report: Report): void => {
    this.#reports.push(report)
    if (report.kind === 'decisions') this.decisions.push(...report.decisions)
    if (report.kind === 'deferred') this.waits.push(report)
  }

  /** Returns the contents of all reports of a kind. */
  list<Kind extends Report['kind']>(kind: Kind): readonly Content<Kind>[] {
    const reports = this.#reports.filter((report): report is ReportOf<Kind> => report.kind === kind)
    return reports.map(({ kind, stateKey, ...content }) => content)
  }
}
