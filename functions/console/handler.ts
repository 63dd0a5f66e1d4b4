/** Serves the console over an HTTP API. */
import { httpApiConsole } from '../../console/lambda-handler.ts'

export const handler = httpApiConsole()
