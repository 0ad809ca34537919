# A startup-config merged into what runs: what it says wins, what it does not say stays, bad lines are told and left out.
=== as startup-config
hostname Stored
bogus line
access-list 1 permit 10.0.0.0 0.0.0.255
===
$ algate
< enable
< configure terminal
< hostname Typed
< access-list 2 permit 10.2.0.0 0.0.0.255
< no access-list 1
< do show running-config | include hostname|access-list
< end
< copy startup-config running-config
< 
< show running-config | include hostname|access-list
Enter configuration commands, one per line.  End with CNTL/Z.
hostname Typed
access-list 2 permit 10.2.0.0 0.0.0.255
Destination filename [running-config]? 
% startup-config, line 2: Invalid input detected at column 1: bogus line
[OK]
hostname Stored
access-list 2 permit 10.2.0.0 0.0.0.255
access-list 1 permit 10.0.0.0 0.0.0.255
[1]
$ algate
< enable
< copy startup-config running-config
< elsewhere
< write erase
< y
< copy startup-config running-config
< 
< show running-config | include hostname|access-list
Destination filename [running-config]? 
% Error: the startup-config is copied to running-config only
Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]
[OK]
Erase of nvram: complete
Destination filename [running-config]? 
% Error opening startup-config (No such file or directory)
hostname Stored
access-list 2 permit 10.2.0.0 0.0.0.255
access-list 1 permit 10.0.0.0 0.0.0.255
[1]
