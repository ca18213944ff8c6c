"""
The audit log, and triggers that refuse to change or delete its rows.

SQLite drops triggers with their table: a later migration that remakes it has to run `add_triggers` again.
https://www.sqlite.org/lang_createtrigger.html, https://www.postgresql.org/docs/15/sql-createtrigger.html
"""

from django.db import migrations, models

REFUSED = "the audit log is append-only"
ADD = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON tenants_auditentry "
        f"BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{REFUSED}'; END $$",
        "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tenants_auditentry "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
    ],
}
REMOVE = {
    "sqlite": ["DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"],
    "postgresql": ["DROP TRIGGER audit_append_only ON tenants_auditentry", "DROP FUNCTION audit_refuse()"],
}


def add_triggers(apps, schema_editor):
    for statement in ADD[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


def remove_triggers(apps, schema_editor):
    for statement in REMOVE[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):

    dependencies = [
        ('tenants', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('sequence', models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='at (UTC)')),
                ('event', models.CharField(choices=[('decided', 'decided on a loop'), ('project_minted', 'project minted'), ('key_minted', 'key minted'), ('key_revoked', 'key revoked'), ('keys_recovered', 'keys rotated by recovery'), ('signed_in', 'signed in'), ('sign_in_failed', 'failed to sign in'), ('signed_out', 'signed out'), ('added', 'added'), ('changed', 'changed'), ('deleted', 'deleted')], max_length=20)),
                ('actor', models.CharField(help_text='user:<name>, key:<id>, anyone, or shell.', max_length=200)),
                ('target', models.CharField(help_text='What it was done to, such as project:<id>.', max_length=200)),
                ('tenant_id', models.CharField(blank=True, help_text='Whose members see the entry; empty: superusers only.', max_length=40, verbose_name='tenant')),
                ('address', models.CharField(blank=True, help_text="The client's, as limits.py knows it.", max_length=45)),
                ('detail', models.JSONField(default=dict)),
                ('hash', models.CharField(help_text='HMAC-SHA256 over the entry and the hash before it.', max_length=64)),
            ],
            options={
                'verbose_name': 'audit entry',
                'verbose_name_plural': 'audit log',
                'ordering': ['-sequence'],
                'default_permissions': ['view'],
            },
        ),
        migrations.RunPython(add_triggers, remove_triggers),
    ]
