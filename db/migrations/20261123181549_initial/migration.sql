CREATE TABLE "api_keys" (
	"id" text PRIMARY KEY,
	"member_id" text NOT NULL,
	"name" text NOT NULL,
	"scopes" text[] NOT NULL,
	"secret_hash" text NOT NULL UNIQUE,
	"preview" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"last_used_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "checkpoint_files" (
	"checkpoint_id" text,
	"path" text,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	CONSTRAINT "checkpoint_files_pkey" PRIMARY KEY("checkpoint_id","path")
);
--> statement-breakpoint
CREATE TABLE "checkpoints" (
	"id" text PRIMARY KEY,
	"kind" text NOT NULL,
	"run_id" text,
	"stage" text,
	"stage_type" text NOT NULL,
	"step" integer NOT NULL,
	"final" boolean NOT NULL,
	"released_as" text,
	"parents" text[] NOT NULL,
	"data" text[] NOT NULL,
	"architecture" text NOT NULL,
	"parameters" bigint NOT NULL,
	"size_bytes" bigint NOT NULL,
	"metrics" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "comparisons" (
	"id" text PRIMARY KEY,
	"run_id" text NOT NULL,
	"stage" text NOT NULL,
	"position" integer NOT NULL,
	"prompt" jsonb NOT NULL,
	"completion_a" text NOT NULL,
	"completion_b" text NOT NULL,
	"checkpoint_id" text,
	"held_out" boolean NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "comparisons_run_id_stage_position_unique" UNIQUE("run_id","stage","position")
);
--> statement-breakpoint
CREATE TABLE "datasets" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"kind" text NOT NULL,
	"rows" integer NOT NULL,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	"source" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "datasets_name_version_unique" UNIQUE("name","version")
);
--> statement-breakpoint
CREATE TABLE "evaluations" (
	"id" text PRIMARY KEY,
	"run_id" text NOT NULL,
	"stage" text NOT NULL,
	"judge" text NOT NULL,
	"prompts" integer NOT NULL,
	"baseline" jsonb NOT NULL,
	"candidates" jsonb NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "evaluations_run_id_stage_unique" UNIQUE("run_id","stage")
);
--> statement-breakpoint
CREATE TABLE "generation_events" (
	"generation_id" text,
	"sequence" integer,
	"event" jsonb NOT NULL,
	CONSTRAINT "generation_events_pkey" PRIMARY KEY("generation_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "generations" (
	"id" text PRIMARY KEY,
	"checkpoint_id" text NOT NULL,
	"messages" jsonb NOT NULL,
	"sampling" jsonb NOT NULL,
	"seed" integer NOT NULL,
	"state" text NOT NULL,
	"event_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"principal" text,
	"key" text,
	"request_hash" text NOT NULL,
	"status" integer,
	"body" jsonb,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY("principal","key")
);
--> statement-breakpoint
CREATE TABLE "members" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "metrics" (
	"run_id" text,
	"stage" text,
	"name" text,
	"step" integer,
	"value" double precision NOT NULL,
	CONSTRAINT "metrics_pkey" PRIMARY KEY("run_id","stage","name","step")
);
--> statement-breakpoint
CREATE TABLE "run_events" (
	"run_id" text,
	"sequence" integer,
	"stage" text,
	"kind" text NOT NULL,
	"message" text NOT NULL,
	"data" jsonb NOT NULL,
	"at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"key" text,
	CONSTRAINT "run_events_pkey" PRIMARY KEY("run_id","sequence"),
	CONSTRAINT "run_events_run_id_key_unique" UNIQUE("run_id","key")
);
--> statement-breakpoint
CREATE TABLE "runs" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"state" text NOT NULL,
	"status" text NOT NULL,
	"seed" integer NOT NULL,
	"recipe" jsonb NOT NULL,
	"recipe_text" text NOT NULL,
	"failure" jsonb,
	"event_count" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "sessions" (
	"token_hash" text PRIMARY KEY,
	"member_id" text NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "sign_in_links" (
	"token_hash" text PRIMARY KEY,
	"member_id" text NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"used_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "stage_runs" (
	"run_id" text,
	"name" text,
	"position" integer NOT NULL,
	"type" text NOT NULL,
	"inputs" text[] NOT NULL,
	"state" text NOT NULL,
	"status" text NOT NULL,
	"step" integer DEFAULT 0 NOT NULL,
	"total_steps" integer DEFAULT 0 NOT NULL,
	"headline" jsonb,
	"checkpoint_id" text,
	"result" jsonb DEFAULT '{}' NOT NULL,
	"failure" jsonb,
	"votes_needed" integer,
	"started_at" timestamp(3) with time zone,
	"finished_at" timestamp(3) with time zone,
	CONSTRAINT "stage_runs_pkey" PRIMARY KEY("run_id","name")
);
--> statement-breakpoint
CREATE TABLE "votes" (
	"id" text PRIMARY KEY,
	"comparison_id" text NOT NULL,
	"labeler" text NOT NULL,
	"choice" text NOT NULL,
	"strength" integer NOT NULL,
	"seconds" double precision NOT NULL,
	"note" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"undone_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "workers" (
	"id" text PRIMARY KEY,
	"queue" text NOT NULL,
	"device" text NOT NULL,
	"host" text NOT NULL,
	"pid" integer NOT NULL,
	"state" text NOT NULL,
	"started_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"last_seen_at" timestamp(3) with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "api_keys_member_id_index" ON "api_keys" ("member_id");--> statement-breakpoint
CREATE INDEX "checkpoint_files_sha256_index" ON "checkpoint_files" ("sha256");--> statement-breakpoint
CREATE INDEX "checkpoints_run_id_stage_step_index" ON "checkpoints" ("run_id","stage","step");--> statement-breakpoint
CREATE INDEX "checkpoints_created_at_id_index" ON "checkpoints" ("created_at","id");--> statement-breakpoint
CREATE INDEX "checkpoints_parents_index" ON "checkpoints" USING gin ("parents");--> statement-breakpoint
CREATE INDEX "idempotency_keys_created_at_index" ON "idempotency_keys" ("created_at");--> statement-breakpoint
CREATE INDEX "runs_created_at_id_index" ON "runs" ("created_at","id");--> statement-breakpoint
CREATE INDEX "sessions_member_id_index" ON "sessions" ("member_id");--> statement-breakpoint
CREATE INDEX "stage_runs_votes_needed_index" ON "stage_runs" ("votes_needed");--> statement-breakpoint
CREATE UNIQUE INDEX "votes_one_per_labeler" ON "votes" ("comparison_id","labeler") WHERE "undone_at" is null;--> statement-breakpoint
CREATE INDEX "votes_labeler_created_at_index" ON "votes" ("labeler","created_at");--> statement-breakpoint
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_member_id_members_id_fkey" FOREIGN KEY ("member_id") REFERENCES "members"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "checkpoint_files" ADD CONSTRAINT "checkpoint_files_checkpoint_id_checkpoints_id_fkey" FOREIGN KEY ("checkpoint_id") REFERENCES "checkpoints"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "checkpoints" ADD CONSTRAINT "checkpoints_run_id_runs_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "comparisons" ADD CONSTRAINT "comparisons_run_id_runs_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "evaluations" ADD CONSTRAINT "evaluations_run_id_runs_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "generation_events" ADD CONSTRAINT "generation_events_generation_id_generations_id_fkey" FOREIGN KEY ("generation_id") REFERENCES "generations"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "generations" ADD CONSTRAINT "generations_checkpoint_id_checkpoints_id_fkey" FOREIGN KEY ("checkpoint_id") REFERENCES "checkpoints"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "metrics" ADD CONSTRAINT "metrics_run_id_runs_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "run_events" ADD CONSTRAINT "run_events_run_id_runs_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_member_id_members_id_fkey" FOREIGN KEY ("member_id") REFERENCES "members"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "sign_in_links" ADD CONSTRAINT "sign_in_links_member_id_members_id_fkey" FOREIGN KEY ("member_id") REFERENCES "members"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "stage_runs" ADD CONSTRAINT "stage_runs_run_id_runs_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "votes" ADD CONSTRAINT "votes_comparison_id_comparisons_id_fkey" FOREIGN KEY ("comparison_id") REFERENCES "comparisons"("id") ON DELETE CASCADE;