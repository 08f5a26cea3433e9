#!/usr/bin/env bash
# Makes the market's queues in LocalStack, which runs this inside once it is ready. A queue that
# is there with the same attributes is left alone. They are those of infra/stacks/events.yaml,
# but for its key.
set -euo pipefail

# Usage: make_queue NAME JSON, the queue's attributes.
make_queue() {
    awslocal sqs create-queue --queue-name "$1" --attributes "$2" --query QueueUrl --output text
}

# Where a message goes after five receipts, as an attribute's JSON in JSON.
dead_letters_to() {
    local arn="arn:aws:sqs:$AWS_DEFAULT_REGION:000000000000:$1"
    printf '"{\\"deadLetterTargetArn\\":\\"%s\\",\\"maxReceiveCount\\":\\"5\\"}"' "$arn"
}

# A market is a group: one matcher of it is awake at a time.
make_queue market-match-dead-letters.fifo '{"FifoQueue":"true","MessageRetentionPeriod":"1209600"}'
make_queue market-match.fifo '{"FifoQueue":"true","DeduplicationScope":"messageGroup",
    "FifoThroughputLimit":"perMessageGroupId","VisibilityTimeout":"180",
    "MessageRetentionPeriod":"3600",
    "RedrivePolicy":'"$(dead_letters_to market-match-dead-letters.fifo)"'}'
make_queue market-webhooks-dead-letters '{"MessageRetentionPeriod":"1209600"}'
make_queue market-webhooks '{"VisibilityTimeout":"180","MessageRetentionPeriod":"86400",
    "RedrivePolicy":'"$(dead_letters_to market-webhooks-dead-letters)"'}'
make_queue market-venues-dead-letters '{"MessageRetentionPeriod":"1209600"}'
make_queue market-venues '{"VisibilityTimeout":"90","MessageRetentionPeriod":"86400",
    "RedrivePolicy":'"$(dead_letters_to market-venues-dead-letters)"'}'
make_queue market-failures '{"MessageRetentionPeriod":"1209600"}'
