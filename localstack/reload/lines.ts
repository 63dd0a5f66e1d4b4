/** Formats terminal output about saved changes. Pure. */

/** Rejection of a change: functions that keep their previous code or rules, with the reason. */
export interface Refusal {
  readonly functions: readonly string[]
  readonly kept: 'code' | 'rules'
  /** Reason for the rejection. All lines after the first one are shown indented. */
  readonly reason: string
}

export function reloadedLine(functions: readonly string[], what: string): string {
  return `reloaded ${functions.join(', ')}: ${what}`
}

/** Formats rejections. Functions that share a file have the same errors, so each error is shown only once. */
export function refusedLines(refusals: readonly Refusal[]): string[] {
  const groups = Map.groupBy(refusals, ({ kept, reason }) => `${kept}\n${reason}`)
  return [...groups.values()].flatMap(group => {
    const functions = group.flatMap(refusal => refusal.functions)
    const { kept, reason } = group[0] as Refusal
    const [first = '', ...further] = reason.split('\n')
    const whose = functions.length === 1 ? 'keeps its' : 'keep their'
    return [
      `✗ ${functions.join(', ')} ${whose} old ${kept}: ${first}`,
      ...further.map(line => `    ${line.trim()}`),
    ]
  })
}

/** Formats a list of files, such as `lib/a.ts, lib/b.ts` or `lib/a.ts and 12 more files`. */
export function filesNamed(files: readonly string[]): string {
  if (files.length <= MAX_NAMED) return files.join(', ')
  return `${files[0]} and ${files.length - 1} more files`
}

const MAX_NAMED = 3

/** Describes a save that affects no function or rule. Without this line, the save would seem to be ignored. */
export function unchangedLine(files: readonly string[], what: 'function' | 'rule'): string {
  return `nothing to reload: ${filesNamed(files)} ${files.length === 1 ? 'affects' : 'affect'} no ${what}`
}

export function restartLine(files: readonly string[]): string {
  return `${filesNamed(files)} ${files.length === 1 ? 'is' : 'are'} read only at startup: restart to use the change`
}
