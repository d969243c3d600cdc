CREATE TABLE "reference_logps" (
	"key" text PRIMARY KEY,
	"sha256" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "reference_logps_sha256_index" ON "reference_logps" ("sha256");