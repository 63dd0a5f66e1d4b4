/** The log of serverless-offline, which is not among its exports. */
interface FrameworkLog {
  notice(...args: unknown[]): void
}

/** The line that it writes after each successful invocation. */
const INVOCATION_LINE = /^\(λ: .*\) RequestId: /

let replaced: Promise<void> | undefined

/** Leaves the lines of the trigger's invocations out of serverless-offline's log: `invocationLines` decides about those. */
export function leaveOutInvocationLines(isOurs: () => boolean): Promise<void> {
  replaced ??= replaceNotice(isOurs)
  return replaced
}

async function replaceNotice(isOurs: () => boolean): Promise<void> {
  const log = await frameworkLog()
  if (!log) return
  const notice = log.notice.bind(log)
  log.notice = (...args) => {
    if (!(isOurs() && INVOCATION_LINE.test(String(args[0])))) notice(...args)
  }
}

/** Undefined where a version of serverless-offline keeps it elsewhere: then its lines stay. */
async function frameworkLog(): Promise<FrameworkLog | undefined> {
  try {
    const file = new URL('../utils/log.js', import.meta.resolve('serverless-offline/lambda'))
    return (await import(file.href)).log
  } catch {
    return undefined
  }
}
