/** Serves the console over an HTTP API. */
import { createConsoleHandler } from '../../console/lambda-handler.ts'

export const handler = createConsoleHandler()
