CREATE TABLE "import_files" (
	"import_id" text,
	"path" text,
	"size_bytes" bigint NOT NULL,
	"sha256" text NOT NULL,
	CONSTRAINT "import_files_pkey" PRIMARY KEY("import_id","path")
);
--> statement-breakpoint
CREATE TABLE "imports" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"source" jsonb NOT NULL,
	"state" text NOT NULL,
	"progress" jsonb,
	"failure" jsonb,
	"checkpoint_id" text,
	"revision" integer DEFAULT 1 NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp(3) with time zone
);
--> statement-breakpoint
ALTER TABLE "checkpoints" ADD COLUMN "imported_from" jsonb;--> statement-breakpoint
CREATE INDEX "import_files_sha256_index" ON "import_files" ("sha256");--> statement-breakpoint
CREATE INDEX "imports_created_at_id_index" ON "imports" ("created_at","id");--> statement-breakpoint
ALTER TABLE "import_files" ADD CONSTRAINT "import_files_import_id_imports_id_fkey" FOREIGN KEY ("import_id") REFERENCES "imports"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_checkpoint_id_checkpoints_id_fkey" FOREIGN KEY ("checkpoint_id") REFERENCES "checkpoints"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "imports" ADD CONSTRAINT "imports_created_by_members_id_fkey" FOREIGN KEY ("created_by") REFERENCES "members"("id");