/** Defines the error for operations that cannot be carried out. */
import { Failure } from './failure.ts'
import { FileError } from './file-errors.ts'

export class OperationFailure extends Failure {
  override readonly name: string = 'OperationFailure'
}

/** Returns the error for an invalid request. */
export function usageFailure(message: string): OperationFailure {
  return new OperationFailure(message, { isUsage: true })
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left on the device',
}

/** Converts an error about a file, also one of the operating system, to a failure that explains it. Other errors are returned unchanged. */
export function fileFailure(file: string, error: unknown): unknown {
  if (error instanceof FileError) return new OperationFailure(error.message, { cause: error })
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code?.startsWith('Z_'))
    return new OperationFailure(`${file}: the gzip data is damaged or cut off: ${message}`)
  if (code === undefined || syscall === undefined) return error
  return new OperationFailure(`${file}: ${REASONS[code] ?? code}`, { cause: error })
}
