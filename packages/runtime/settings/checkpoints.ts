import { defined } from '../consumer/defined.ts'
import { type PartOf, setting, slice } from './slice.ts'
import { httpAddress, text, wholeNumber } from './values.ts'

const BUCKET = text(
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
  'the name of an S3 bucket: 3 to 63 lower-case letters, digits, "-" and "."',
)

export const CHECKPOINTS = slice(
  'Checkpoints',
  {
    CHECKPOINT_BUCKET: setting(BUCKET, {
      description: 'The bucket for checkpoints: see [deploying](deployment.md#checkpoints).',
      otherwise: 'no checkpoints are taken',
      setBy: 'deployment',
    }),
    CHECKPOINTS_KEPT: setting(wholeNumber({ least: 1, most: 99 }), {
      description: 'Number of checkpoints to keep for each partition.',
      default: '4',
    }),
    AWS_ENDPOINT_URL: setting(httpAddress(), {
      description: 'Address of a local cloud that replaces all AWS services.',
      otherwise: 'AWS itself',
      setBy: 'deployment',
    }),
  },
  ({ CHECKPOINT_BUCKET: bucket, CHECKPOINTS_KEPT: kept, AWS_ENDPOINT_URL }) => {
    // A local cloud has only one host name, so the bucket name is part of the path.
    const pathStyle = AWS_ENDPOINT_URL !== undefined
    return defined({
      checkpoints: bucket ? { bucket, pathStyle, kept } : undefined,
      pathStyle: pathStyle ? (true as const) : undefined,
    })
  },
)

export type CheckpointSettings = PartOf<typeof CHECKPOINTS>
