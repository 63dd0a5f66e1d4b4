import { CliFailure } from './failure.ts'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left on the device',
}

/** What the operating system has against a file, in words; any other error stays what it is. */
export function fileFailure(file: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  return new CliFailure(`${file}: ${REASONS[code] ?? code}`, 1, { cause: error })
}
